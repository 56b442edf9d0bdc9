# SPDX-License-Identifier: Apache-2.0
"""Short real jobs of many programs that run to their end: the same output under silt, with every
process asked for snapshots all the while. One row a program; a job lasts some seconds, so that
snapshots meet it at work. Servers are in web_servers.py and data_servers.py."""

from arena import npm_file, suite


def job(name, script, packages=(), needs=(), files=None, timeout=600, npm=(), short=False):
    """Registers a program: `script` runs in a folder of its own, with `files` in it, and what it
    prints and how it ends is the outcome, line by line."""

    def function(run):
        for path, text in (files or {}).items():
            (run.folder / path).write_text(text)
        more = {"HOME": str(run.folder), "NPM": str(npm_file(run))} if npm else \
            {"HOME": str(run.folder)}
        done = run.command(["/bin/sh", "-ec", script], timeout=timeout, more=more)
        outcomes = {f"line {number}": f"pass {line.replace(str(run.folder), '.')}"
                    for number, line in enumerate(done.stdout.splitlines())}
        outcomes["end"] = f"{'pass' if done.returncode == 0 else 'fail'} {done.returncode}"
        return outcomes

    suite(name, packages=packages, needs=needs, npm=npm, short=short, dumps=True)(function)


job("sqlite3, a table", "sqlite3 -batch a.db < job.sql; sqlite3 a.db 'pragma integrity_check'",
    packages=("sqlite3",), needs=("sqlite3",), short=True, files={"job.sql": r"""
create table t(a integer primary key, b text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000)
  insert into t select i, printf('%x text %d', i * 7919 % 10007, i) from n;
create index by_b on t(b); delete from t where a % 3 = 0; vacuum;
select count(*), sum(length(b)), min(b), max(b) from t; select a, b from t order by b limit 5;
"""})

job("perl, hashes and children", "perl job.pl", needs=("perl",), short=True, files={"job.pl": r"""
for my $round (1 .. 6) {
  my %h; $h{$_ * 7919 % 10007} .= " $_" for 1 .. 150000;
  my $sum = 0; $sum += length for values %h; print "$round $sum\n";
  my $child = fork; exit $round if !$child; waitpid $child, 0; print $? >> 8, `seq 3`;
}
"""})

job("python3, threads and children", "/usr/bin/python3 job.py", needs=("python3",), short=True,
    files={"job.py": r"""
import json, subprocess, threading
def fill(number, sums):
    table = {str(i * 7919 % 10007): [i] * 5 for i in range(100000)}
    sums[number] = len(json.dumps(table)) + len(json.loads(json.dumps(table)))
for count in (1, 2, 3):
    sums = {}
    threads = [threading.Thread(target=fill, args=(i, sums)) for i in range(count)]
    [t.start() for t in threads]; [t.join() for t in threads]
    print(sorted(sums.items()), subprocess.run(["seq", "3"], capture_output=True).stdout)
"""})

job("Erlang", r"""
for i in 1 2 3; do
  erl -noshell -eval '
    L = [spawn_monitor(fun() -> exit(lists:sum([X * I rem 7919 || X <- lists:seq(1, 2000)])) end)
         || I <- lists:seq(1, 3000)],
    io:format("~p~n", [lists:sum([receive {_, R, _, _, V} -> V end || {_, R} <- L])]),
    {ok, S} = gen_tcp:listen(0, [binary, {ip, {127,0,0,1}}, {active, false}, {packet, 4}]),
    {ok, P} = inet:port(S),
    spawn(fun() -> {ok, C} = gen_tcp:accept(S),
      F = fun(G) -> case gen_tcp:recv(C, 0) of {ok, B} -> gen_tcp:send(C, B), G(G); _ -> ok end end,
      F(F) end),
    {ok, D} = gen_tcp:connect({127,0,0,1}, P, [binary, {active, false}, {packet, 4}]),
    R = [begin gen_tcp:send(D, binary:copy(<<N:32>>, 500)), {ok, B} = gen_tcp:recv(D, 0),
         erlang:crc32(B) end || N <- lists:seq(1, 3000)],
    io:format("~p~n", [erlang:crc32(term_to_binary(R))]), halt().'
done""", packages=("erlang-base",), needs=("erl",))

job("SBCL", r"sbcl --noinform --non-interactive --load job.lisp", packages=("sbcl",),
    needs=("sbcl",), files={"job.lisp": r"""
(defun fill-table (n)
  (let ((table (make-hash-table :test 'equal)))
    (dotimes (i n) (setf (gethash (format nil "~a" (mod (* i 7919) 10007)) table) i))
    (loop for v being the hash-values of table sum v)))
(dotimes (i 12) (print (fill-table 40000)) (gc :full t))
(let ((threads (loop for i below 4 collect
        (let ((i i)) (sb-thread:make-thread (lambda () (fill-table (* 5000 (1+ i)))))))))
  (print (mapcar #'sb-thread:join-thread threads)))
(with-open-file (s "gen.lisp" :direction :output :if-exists :supersede)
  (dotimes (i 300) (format s "(defun f~a (x) (list ~a x (* x ~a)))~%" i i i)))
(let ((*error-output* (make-broadcast-stream)) (*standard-output* (make-broadcast-stream)))
  (load (compile-file "gen.lisp")))
(print (loop for i below 300 sum (third (funcall (intern (format nil "F~a" i)) 3))))
(print (length (with-output-to-string (o) (sb-ext:run-program "/bin/ls" '("/usr") :output o))))
(terpri)
"""})

job("GHC", r"""
ghc -v0 -O1 -threaded -rtsopts Main.hs -o main
for i in 1 2 3; do ./main +RTS -N2 -qg; done  # collectors that spin stall on a busy machine""", packages=("ghc",), needs=("ghc",), files={
    "Main.hs": r"""
import Control.Concurrent
import qualified Data.Map.Strict as M
import Data.Char (ord)
import Data.List (foldl')
count :: Int -> M.Map Int Int
count n = foldl' (\m k -> M.insertWith (+) (k * 7919 `mod` 10007) k m) M.empty [1 .. n]
main :: IO ()
main = do
  boxes <- mapM (\i -> do { b <- newEmptyMVar;
    _ <- forkIO (putMVar b $! M.foldl' (+) 0 (count (i * 10000))); return b }) [1 .. 12]
  sums <- mapM takeMVar boxes
  print sums
  threadDelay 200000
  print (foldl' (\h c -> (h * 31 + ord c) `mod` 1000003) 7 (show (M.toList (count 50000))))
"""})

job("Mono", r"""
mcs job.cs
for i in 1 2 3; do mono job.exe; done""", packages=("mono-runtime", "mono-mcs"), needs=("mono", "mcs"),
    files={"job.cs": r"""
using System; using System.Collections.Generic; using System.Threading; using System.Text;
class Job { static long Fill(int n) { var d = new Dictionary<string, int>(); long s = 0;
    for (int i = 0; i < n; i++) d[(i * 7919 % 10007).ToString()] = i;
    foreach (var v in d.Values) s += v; return s; }
  static void Main() { long[] r = new long[8]; var t = new List<Thread>();
    for (int i = 0; i < 8; i++) { int k = i; var x = new Thread(() => {
      for (int j = 0; j < 5; j++) { r[k] += Fill(20000 + k); GC.Collect(); } }); x.Start(); t.Add(x); }
    foreach (var x in t) x.Join();
    Console.WriteLine(string.Join(" ", r)); Thread.Sleep(200);
    var b = new StringBuilder(); for (int i = 0; i < 100000; i++) b.Append(i % 10);
    Console.WriteLine(b.Length);
    try { throw new Exception("caught"); } catch (Exception e) { Console.WriteLine(e.Message); } } }
"""})

job("Emacs, batch", r"""
for i in 1 2; do emacs --batch -Q -l job.el 2>&1; done; cksum < made.elc""",
    packages=("emacs-nox",), needs=("emacs",), files={"job.el": r"""
(with-temp-buffer
  (dotimes (i 20000) (insert (format "%d line %d\n" (% (* i 7919) 10007) i)))
  (sort-lines nil (point-min) (point-max))
  (message "%s" (md5 (current-buffer)))
  (goto-char (point-min))
  (while (re-search-forward "\\([0-9]+\\) line" nil t) (replace-match "<\\1>"))
  (message "%s" (md5 (current-buffer))))
(with-temp-file "made.el"
  (insert ";;; -*- lexical-binding: t -*-\n")
  (dotimes (i 300) (insert (format "(defun made-%d (x) (let ((y (* x %d))) (list x y)))\n" i i))))
(message "%s" (byte-compile-file "made.el"))
(message "%s" (length (shell-command-to-string "ls /usr")))
(message "%s" (with-temp-buffer (call-process "sort" "made.el" t nil) (md5 (current-buffer))))
"""})

job("Guile", r"for i in 1 2 3; do guile --no-auto-compile -s job.scm; done",
    packages=("guile-3.0",), needs=("guile",), files={"job.scm": r"""
(use-modules (ice-9 threads) (srfi srfi-1) (ice-9 popen) (ice-9 rdelim))
(define (fill n) (let ((t (make-hash-table)))
  (do ((i 0 (+ i 1))) ((= i n)) (hash-set! t (number->string (modulo (* i 7919) 10007)) i))
  (hash-fold (lambda (k v s) (+ v s)) 0 t)))
(do ((i 0 (+ i 1))) ((= i 5)) (display (fill 40000)) (newline) (gc))
(display (par-map fill '(10000 20000 30000 40000))) (newline)
(let ((p (open-input-pipe "seq 5 | wc -l"))) (display (read-line p)) (newline) (close-pipe p))
"""})

job("OCaml", r"""
ocamlopt -o native job.ml; ocamlc -o bytes job.ml
./native; ./bytes; ./native""", packages=("ocaml-nox",), needs=("ocamlopt",),
    files={"job.ml": r"""
let fill n =
  let t = Hashtbl.create 16 in
  for i = 0 to n - 1 do Hashtbl.replace t (string_of_int (i * 7919 mod 10007)) i done;
  Hashtbl.fold (fun _ v s -> s + v) t 0
let () =
  for i = 1 to 12 do Printf.printf "%d " (fill (i * 5000)); Gc.compact () done;
  let l = List.init 20000 (fun i -> i * 7919 mod 100003) in
  Printf.printf "\n%d\n" (Hashtbl.hash (String.concat "," (List.map string_of_int
    (List.sort compare l))))
"""})

job("SWI-Prolog", r"for i in 1 2; do swipl -q -g main -t halt job.pl; done",
    packages=("swi-prolog-nox",), needs=("swipl",), files={"job.pl": r"""
queens(N, Qs) :- numlist(1, N, Ns), select_q(Ns, [], Qs).
select_q([], Qs, Qs).
select_q(Ns, Acc, Qs) :- select(Q, Ns, Rest), safe(Q, 1, Acc), select_q(Rest, [Q|Acc], Qs).
safe(_, _, []).
safe(Q, D, [Q1|Qs]) :- Q =\= Q1 + D, Q =\= Q1 - D, D1 is D + 1, safe(Q, D1, Qs).
fill(N, S) :- forall(between(1, N, I), (K is I * 7919 mod 10007, assertz(fact(K, I)))),
  aggregate_all(sum(V), fact(_, V), S), retractall(fact(_, _)).
:- dynamic fact/2.
main :- queens(12, Qs), writeln(Qs), fill(100000, S), writeln(S), garbage_collect,
  findall(Id, (between(1, 4, I), thread_create((numlist(1, 20000, L), foldl([X,A,B]>>(B is A + X), L,
    I, R), thread_exit(R)), Id)), Ids),
  forall(member(Id, Ids), (thread_join(Id, Status), writeln(Status))),
  atom_length(abc, N), writeln(N).
"""})

job("R", r"for i in 1 2; do Rscript --vanilla job.R; done", packages=("r-base-core",),
    needs=("Rscript",), files={"job.R": r"""
set.seed(7)
for (i in 1:10) { m <- matrix(rnorm(40000), 200); print(signif(sum(abs(solve(m %*% t(m)))), 4)); gc() }
d <- data.frame(k = (1:50000 * 7919) %% 1007, v = 1:50000)
a <- aggregate(v ~ k, d, sum); print(dim(a)); print(sum(a$v)); print(head(a))
f <- lm(v ~ k, d); print(round(coef(f), 3))
print(unlist(parallel::mclapply(1:4, function(i) sum(1:i), mc.cores = 2)))
print(system("seq 5 | wc -l", intern = TRUE))
"""})

job("Octave", r"octave-cli --no-gui --norc job.m", packages=("octave",), needs=("octave-cli",),
    files={"job.m": r"""
for i = 1:8
  a = reshape(mod((1:40000) * 7919, 10007), 200, 200);
  printf("%.4g ", sum(abs(inv(a + 20000 * eye(200)))(:))); x = cell(1, 20000);
  for j = 1:20000, x{j} = sprintf("%d", j); end
end
printf("\n%d\n", numel(strjoin(x, ",")));
[s, t] = system("seq 5 | wc -l"); printf("%d %s", s, t);
"""})

job("FFmpeg", r"""
common="-nostdin -v error -fflags +bitexact -flags +bitexact -threads 2"
for i in 1 2; do
  ffmpeg $common -y -f lavfi -i testsrc=duration=8:size=640x360:rate=25 -f lavfi \
    -i sine=frequency=440:duration=8 -c:v mpeg4 -c:a aac -shortest made$i.mkv
  ffmpeg $common -i made$i.mkv -vf scale=320:180,hflip -f framemd5 - | tail -n 100 | cksum
done""", packages=("ffmpeg",), needs=("ffmpeg",))

job("ImageMagick", r"""
export OMP_NUM_THREADS=2 OMP_WAIT_POLICY=passive  # threads that spin stall on a busy machine
for i in 1 2; do
  convert -size 400x300 gradient:red-blue -swirl 90 -blur 0x6 -resize 150% -paint 4 rgb:- | cksum
  convert rose: -resize 400x -rotate 33 -sharpen 0x2 PNG:a.png; convert a.png -flip rgb:- | cksum
done""", packages=("imagemagick",), needs=("convert",))

job("LibreOffice, headless", r"""
office="soffice -env:UserInstallation=file://$PWD/profile --headless --norestore"
$office --convert-to ods table.csv >/dev/null 2>&1; mv table.csv first.csv
$office --convert-to csv table.ods >/dev/null 2>&1; cksum < table.csv; head -3 table.csv""", timeout=1200,
    packages=("libreoffice-calc-nogui",), needs=("soffice",),
    files={"table.csv": "".join(f"{i},{i * 7919 % 10007},text {i}\n" for i in range(3000))})

job("QEMU, user emulation", r"""
seq 40000 | qemu-x86_64 -U LD_PRELOAD -U SILT_OUT /usr/bin/sort -R --random-source=/etc/services | cksum
qemu-x86_64 -U LD_PRELOAD -U SILT_OUT /usr/bin/perl -e '
    my %h; $h{$_ * 7919 % 10007} .= $_ for 1 .. 100000; my $s = 0; $s += length for values %h;
    my $p = fork; if (!$p) { exit 3 } waitpid $p, 0; print "$s ", $? >> 8, "\n";'
""", packages=("qemu-user",), needs=("qemu-x86_64",))

job("Firefox, headless", r"""
firefox-esr --headless --profile "$PWD" --no-remote --window-size 800,600 \
  --screenshot "$PWD/page.png" "file://$PWD/page.html" >log 2>&1
cksum < page.png; grep -c 'crash' log || true""", timeout=900, packages=("firefox-esr",),
    needs=("firefox-esr",), files={"page.html": r"""<!doctype html><style>*{font:16px monospace}</style>
<p id=out></p><canvas id=c></canvas><script>
const rows = Array.from({length: 60000}, (_, i) => ({i, text: 'row ' + i * 7919 % 10007}));
rows.sort((a, b) => a.text < b.text ? -1 : a.text > b.text ? 1 : a.i - b.i);
const context = document.getElementById('c').getContext('2d');
for (let i = 0; i < 500; i++) context.fillRect(i % 30, i % 17, 5, 5);
document.getElementById('out').textContent = rows.slice(0, 50).map(r => r.i + ' ' + r.text);
</script>"""})

SCRIPT = r"""
const hash = t => { let h = 7; for (const c of t) h = (h * 31 + c.charCodeAt(0)) % 1000003; return h; };
for (let round = 0; round < 12; round++) {
  const rows = new Map();
  for (let i = 0; i < 60000; i++) rows.set(String(i * 7919 % 10007), {i, text: 'row ' + i});
  console.log(hash(JSON.stringify([...rows.values()].slice(0, 5000))));
  await new Promise(done => setTimeout(done, 50));
}
const buffers = Array.from({length: 200}, (_, i) => new Uint8Array(50000).fill(i));
console.log(buffers.reduce((sum, b) => sum + b[7], 0));
const answer = new Response(new Blob([new Uint8Array(1 << 20)]).stream()
  .pipeThrough(new CompressionStream('gzip')).pipeThrough(new DecompressionStream('gzip')));
console.log((await answer.arrayBuffer()).byteLength);
"""

job("node, a script", "node job.mjs", needs=("node",), short=True, files={"job.mjs": SCRIPT})

job("Bun", r'for i in 1 2; do "$NPM/.bin/bun" run job.mjs; done',
    npm=("bun",), files={"job.mjs": SCRIPT})

job("Deno", r'"$NPM/@deno/linux-x64-glibc/deno" run --no-remote job.mjs',
    npm=("deno",), files={"job.mjs": SCRIPT})
