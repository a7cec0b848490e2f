# What native programs do: a shell and the tools that every system has.
set -e
place=$(mktemp -d)
cd "$place"
trap 'rm -rf "$place"' EXIT
dd if=/dev/zero of=file bs=1k count=64 conv=fsync 2>/dev/null
cp file copy; cp -a file archive; cp --reflink=auto file reflink; mv copy moved; ln file hard; ln -s file soft; readlink soft >/dev/null
mkdir -p a/b; cp -a a c; rmdir a/b; mkfifo fifo; touch -d yesterday file; touch new; chmod 600 file; chown "$(id -u)" file; chgrp "$(id -g)" file
ls -laR . >/dev/null; stat file >/dev/null; stat -f . >/dev/null; df . >/dev/null; du -s . >/dev/null; find . -type f >/dev/null; sort file >/dev/null; truncate -s 10 file
cat moved | head -c 100 | tail -c 10 | wc -c >/dev/null; yes | head -n 1 >/dev/null; split -b 32k moved; tar cf tar.tar moved; tar xf tar.tar; gzip -c moved >moved.gz; gzip -dc moved.gz >/dev/null
sleep 0.02 & wait $!; (sleep 5 & kill $!; wait $! || true); nice -n 1 true; timeout 1 true; nohup true >/dev/null 2>&1; setsid true; flock file true
ulimit -n 200; ulimit -a >/dev/null; umask 022; date >/dev/null; uname -a >/dev/null; id >/dev/null; hostname >/dev/null 2>&1 || true; nproc >/dev/null; tee out </dev/null; sync -d file; env >/dev/null; mktemp -u >/dev/null; tty >/dev/null || true; uptime >/dev/null 2>&1 || true
if command -v perl >/dev/null; then
  perl -e 'use Socket; pipe(my $r, my $w); if (!fork) { exit 0 } wait; utime 1, 1, "file"; select(undef, undef, undef, 0.01); alarm 1; getppid; getpgrp; setpgrp; socket(my $s, PF_INET, SOCK_STREAM, 0); bind($s, sockaddr_in(0, INADDR_LOOPBACK)); listen($s, 1); flock(STDIN, 2); getpriority(0, 0); my @t = times; syswrite(STDOUT, ""); rename "new", "old"; opendir(my $d, "."); readdir $d; chdir "a"; sleep 0; sysopen(my $f, "q", 65); truncate $f, 1; unlink "q"; local $SIG{ALRM} = sub {}; alarm 0; kill 0, $$; waitpid(-1, 1); symlink "x", "y"; readlink "y"; umask 022;'
fi
echo done
