import os,subprocess,sys,statistics
node='/usr/bin/node'
V={'plain':None,'base':'/tmp/un9/new/interposer/libsilt.so','new':'/work/wt/nothing/build/interposer/libsilt.so'}
R={k:[] for k in V}
for i in range(int(sys.argv[1])):
  for k,l in V.items():
    env=dict(os.environ,SILT_OUT='/tmp/nst_out',SILT_AT_EXIT='0'); env.pop('NODE_EXTRA_CA_CERTS',None)
    if l: env['LD_PRELOAD']=l
    p=subprocess.Popen([node,'-e','0'],env=env); _,st,ru=os.wait4(p.pid,0); R[k].append((ru.ru_utime+ru.ru_stime)*1000)
for k in V: print(k, round(statistics.median(R[k])), round(min(R[k])))
