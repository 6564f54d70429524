#!/usr/bin/env bash
# A real Slurm on this host: munge, slurmctld and two virtual nodes on loopback. A run under it, undisturbed and with faults,
# must give the bytes of `warcmill build -j 2`. Needs root and Debian's packages; says so and ends with 77 where it cannot run.
# usage: scripts/test-slurm.sh PROGRAM
set -euo pipefail
source_root=$(cd "$(dirname "$0")/.." && pwd)
program=$(realpath "${1:?usage: scripts/test-slurm.sh PROGRAM}")
skip() {
	echo "skipped: $*"
	exit 77
}
[ "$(id -u)" -eq 0 ] || skip "starting munge and slurmd needs root"
command -v slurmctld >/dev/null || "$source_root/scripts/deps.sh" slurm || skip "Slurm's packages cannot be installed"
D=$(mktemp -d)
chmod 755 "$D"
stop() {
	local pid
	for file in "$D"/run/slurmd-n1.pid "$D"/run/slurmd-n2.pid "$D"/run/slurmctld.pid "$D"/run/munged.pid; do
		pid=$(cat "$file" 2>/dev/null) && kill "$pid" 2>/dev/null
		for ((i = 0; i < 50; i++)); do
			if [ -z "$pid" ] || ! kill -0 "$pid" 2>/dev/null; then break; fi
			sleep 0.1
		done
	done
	rm -rf "$D"
}
trap stop EXIT

mkdir -p "$D"/{state,spool,log,run,faults}
host=$(hostname -s)
cat >"$D/slurm.conf" <<END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=cred_expire=5,socket=$D/run/munge.sock
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPort=16817
StateSaveLocation=$D/state
SlurmdSpoolDir=$D/spool/%n
SlurmctldPidFile=$D/run/slurmctld.pid
SlurmdPidFile=$D/run/slurmd-%n.pid
SlurmctldLogFile=$D/log/slurmctld.log
SlurmdLogFile=$D/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,sched_min_interval=0,bf_interval=1
ReturnToService=2
RequeueExit=75
KillWait=2
MinJobAge=3600
SlurmctldTimeout=10
SlurmdTimeout=10
MaxArraySize=10001
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmdParameters=config_overrides
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[17001-17002] CPUs=2 RealMemory=2000 State=UNKNOWN
PartitionName=ci Nodes=n[1-2] Default=YES PriorityTier=1
PartitionName=prod Nodes=n[1-2] PriorityTier=10
END
install -d -o munge -g munge -m 755 "$D/run/m"
dd if=/dev/urandom of="$D/run/m/key" bs=1k count=1 status=none
chown munge: "$D/run/m/key"
chmod 400 "$D/run/m/key"
munged --force --key-file="$D/run/m/key" --socket="$D/run/munge.sock" --pid-file="$D/run/munged.pid" \
	--log-file="$D/log/munged.log" --seed-file="$D/run/m/seed" >/dev/null 2>&1 || skip "munged does not start"
export SLURM_CONF=$D/slurm.conf
slurmctld -c || skip "slurmctld does not start"
for node in n1 n2; do slurmd -N "$node" || skip "slurmd does not start"; done
for ((i = 0; i < 120; i++)); do
	[ "$(sinfo -h -N -p ci -o %t 2>/dev/null | grep -cx idle)" = 2 ] && break
	sleep 0.25
done
[ "$(sinfo -h -N -p ci -o %t | grep -cx idle)" = 2 ] || skip "the nodes do not come up"

fail() {
	echo "FAIL: $*" >&2
	tail -n 3 "$D"/*.slurm/log/*.log >&2 || true
	exit 1
}
drain() { # until no job is left; each is waited for, not slept for
	local jobs
	while jobs=$(squeue -h -o %A | sort -u | paste -sd:) && [ -n "$jobs" ]; do
		sbatch --wait --output=/dev/null --dependency="afterany:$jobs" --wrap true >/dev/null
	done
}
same() { cmp "$D/whole/SHA256SUMS" "$1/SHA256SUMS" || fail "$1 differs from one process"; }

mkdir "$D/in"
for i in 1 2 3 4; do
	cp "$source_root/tests/data/example-1.warc.gz" "$D/in/a$i.warc.gz"
	cp "$source_root/tests/data/example-2.warc.gz" "$D/in/b$i.warc.gz"
done
options=("$D/in" --max-part-bytes 50K)
"$program" build "${options[@]}" -o "$D/whole" -j 2 --quiet
plan() { # NAME OPTION...
	local name=$1
	shift
	"$program" slurm "${options[@]}" --shards 8 --partitions 5 -o "$D/$name" --partition ci --submit "$@"
}

plan calm
drain
same "$D/calm"
echo "8 shards, 5 partitions: the bytes of one process"

# A program that fails once where a file in faults/ asks for it, then is the real one.
cat >"$D/faulty" <<END
#!/usr/bin/env bash
stage=\$2
for word in "\$@"; do case \$word in */[0-9]*) shard=\${word%%/*} ;; esac; done
fault=$D/faults/\$stage-\${shard:-0}
if [ "\$1" = run ] && action=\$(cat "\$fault" 2>/dev/null) && rm "\$fault"; then
	case \$action in
	kill) kill -9 \$PPID \$\$ ;;
	retry) exit 75 ;;
	full) ulimit -f 1; trap '' XFSZ ;;
	twice) "$program" "\$@" & ;;
	lost) rm -f "$D"/faulted/.work/match-00002.pairs ;;
	esac
fi
exec "$program" "\$@"
END
chmod +x "$D/faulty"
echo kill >"$D/faults/extract-1"
echo retry >"$D/faults/extract-2"
echo full >"$D/faults/extract-3"
echo twice >"$D/faults/extract-7"
echo kill >"$D/faults/sign-7"
echo lost >"$D/faults/cluster-0"
plan faulted --program "$D/faulty"
sed -i 's/^requeues=.*/requeues=1/' "$D/faulted.slurm/settings.sh"
drain
[ ! -e "$D/faulted/SHA256SUMS" ] || fail "a lost partition was not noticed"
grep -q "go on with: .* slurm --retry" "$D/faulted.slurm/log/cluster-gate.log" || fail "no word on how to go on"
"$program" slurm --retry "$D/faulted" | grep -q "missing of match: elements 2 of 5" || fail "the lost partition is not named"
"$program" slurm --retry "$D/faulted" --submit
drain
same "$D/faulted"
grep -q "submitted again" "$D/faulted.slurm/log/extract-gate.log" || fail "killed elements were not submitted again"
echo "killed, asked to come again, disk full, twice at once, a lost partition: the bytes of one process"
