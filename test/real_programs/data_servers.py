# SPDX-License-Identifier: Apache-2.0
"""Short real jobs of databases, brokers and name servers. One function a program, which
prepares the folder and yields what to start and what to ask (serving.py). All on the loopback
interface."""

import os
import socket

from serving import as_root, client, server

@server("redis, a dataset", needs=("redis-server",), packages=("redis-server",), short=True,
        steady=False)
def redis(run, port):
    yield ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", run.folder]

    def ask():
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            answers = connection.makefile("rb")
            lines = [f"set k{i} {str(i * 7919 % 10007) * (i % 300 + 1)}" for i in range(1000)] + \
                [f"rpush l{i % 9} {i}" for i in range(1000)] + ["bgsave"] + \
                [f"strlen k{i}" for i in range(1000)] + ["llen l3", "del l3", "quit"]
            connection.sendall(("\r\n".join(lines) + "\r\n").encode())
            kinds = answers.read().decode().splitlines()
            return f"{len(kinds)} {sum(int(x[1:]) for x in kinds[2001:3001])} {kinds[-3]}"
    yield ask


@server("MariaDB", needs=("mariadbd", "mariadb"), packages=("mariadb-server", "mariadb-client"))
def mariadb(run, port):
    data, socket_path = run.folder / "data", run.folder / "db.sock"
    user = ["--user=mysql"] if os.geteuid() == 0 else []
    run.plain(["mariadb-install-db", "--no-defaults", *user, f"--datadir={data}",
               "--auth-root-authentication-method=normal", "--skip-test-db"])
    yield ["mariadbd", "--no-defaults", *user, f"--datadir={data}", "--bind-address=127.0.0.1",
           f"--port={port}", f"--socket={socket_path}", "--skip-log-bin",
           "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0",
           f"--pid-file={run.folder}/pid"]
    connect = ["mariadb", "--no-defaults", "-uroot", f"--socket={socket_path}", "-N"]
    yield lambda: client(run, connect, input="""
        create or replace database d; use d;
        create table t (a int primary key, b varchar(100), key (b)) engine=innodb;
        insert into t select seq, concat('text ', seq * 7919 % 10007) from seq_1_to_5000;
        select count(*), sum(a), min(b), max(b) from t; update t set b = concat(b, 'x') where a < 900;
        select md5(group_concat(b order by a)) from t where a < 1200;
        select b, count(*) from t group by left(b, 6) order by 1 limit 5; drop table t;""")


@server("mosquitto", needs=("mosquitto", "mosquitto_pub"),
        packages=("mosquitto", "mosquitto-clients"))
def mosquitto(run, port):
    (run.folder / "conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    yield ["mosquitto", "-c", run.folder / "conf"]
    lines = "\n".join(f"message {i * 7919 % 10007}" for i in range(300)) + "\n"

    def ask():
        client(run, ["mosquitto_pub", "-p", port, "-t", "a/b", "-q", "1", "-l", "-r"], input=lines)
        return client(run, ["mosquitto_sub", "-p", port, "-t", "a/#", "-C", "1", "-W", "30"])
    yield ask


@server("memcached", needs=("memcached",), packages=("memcached",))
def memcached(run, port):
    yield ["memcached", "-l", "127.0.0.1", "-p", port, "-U", "0", "-t", "2", "-m", "32",
           *(["-u", "nobody"] if os.geteuid() == 0 else [])]

    def ask():
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            answers = connection.makefile("rb")
            for number in range(500):
                value = b"%d" % (number * 7919 % 10007) * (number % 300 + 1)
                connection.sendall(b"set k%d 0 0 %d\r\n%s\r\n" % (number, len(value), value))
                if answers.readline() != b"STORED\r\n":
                    return "not stored"
            connection.sendall(b"".join(b"get k%d\r\n" % number for number in range(500)) +
                               b"quit\r\n")
            body = answers.read()
            return f"{len(body)} {sum(body) % 10007}"
    yield ask


def dig(run, port, names):
    command = ["dig", "+short", "+tcp", "-p", port, "@127.0.0.1"]
    return lambda: client(run, [*command, *names])


@server("unbound", needs=("unbound", "dig"), packages=("unbound", "bind9-dnsutils"))
def unbound(run, port):
    entries = "\n".join(f'  local-data: "n{i}.example. A 127.0.{i // 250}.{i % 250}"'
                        for i in range(1000))
    (run.folder / "conf").write_text(
        f"server:\n  interface: 127.0.0.1\n  port: {port}\n  do-daemonize: no\n  num-threads: 2\n"
        f"  chroot: \"\"\n  pidfile: \"\"\n  directory: \"{run.folder}\"\n  use-syslog: no\n"
        f"{as_root('  username: nobody')}\n  local-zone: example. static\n{entries}\n")
    yield ["unbound", "-d", "-c", run.folder / "conf"]
    yield dig(run, port, [f"n{i * 37 % 1000}.example" for i in range(60)])


@server("named", needs=("named", "dig"), packages=("bind9", "bind9-dnsutils"))
def named(run, port):
    (run.folder / "zone").write_text(
        "$TTL 60\n@ SOA ns.example. a.example. 1 60 60 60 60\n  NS ns\nns A 127.0.0.1\n" +
        "".join(f"n{i} A 127.0.{i // 250}.{i % 250}\n" for i in range(1000)))
    (run.folder / "conf").write_text(f"""options {{ directory "{run.folder}"; recursion no;
      listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; pid-file none;
      session-keyfile none; lock-file none; dnssec-validation no; managed-keys-directory "{run.folder}"; }};
      controls {{ }};
      zone "example" {{ type master; file "zone"; }};""")
    yield ["named", "-f", "-c", run.folder / "conf", "-n", "2",
           *(["-u", "nobody"] if os.geteuid() == 0 else [])]
    yield dig(run, port, [f"n{i * 37 % 1000}.example" for i in range(60)])


@server("slapd", needs=("slapd", "ldapadd"), packages=("slapd", "ldap-utils"))
def slapd(run, port):
    data = run.folder / "data"
    data.mkdir(mode=0o777)
    (run.folder / "conf").write_text(
        "include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n"
        f"pidfile {run.folder}/pid\ndatabase mdb\nsuffix dc=example\nrootdn cn=admin,dc=example\n"
        f"rootpw secret\nmaxsize 67108864\ndirectory {data}\nindex objectClass eq\n")
    url = f"ldap://127.0.0.1:{port}"
    yield ["slapd", "-h", url, "-f", run.folder / "conf", "-d", "0"]
    login = ["-x", "-H", url, "-D", "cn=admin,dc=example", "-w", "secret"]
    entries = "dn: dc=example\nobjectClass: dcObject\nobjectClass: organization\no: e\ndc: example\n" \
        + "".join(f"\ndn: cn=n{i},dc=example\nobjectClass: person\ncn: n{i}\nsn: s{i * 7919 % 107}\n"
                  for i in range(200))

    def ask():
        client(run, ["ldapadd", *login], input=entries)
        found = client(run, ["ldapsearch", *login, "-LLL", "-b", "dc=example", "(sn=s7)", "cn"])
        client(run, ["ldapdelete", *login, "-r", "dc=example"])
        return found
    yield ask
