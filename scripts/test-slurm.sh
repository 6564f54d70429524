#!/usr/bin/env bash
# A real Slurm on this host: munge, slurmctld and two virtual nodes on loopback. Runs under it, undisturbed and with every fault
# that a cluster knows, must give the bytes of `warcmill build -j 2`, or stop with a word on what is missing and how to go on.
# Needs root and Debian's packages, which it installs; says so and ends with 77 where it cannot run. Everything is started and
# stopped by process id and lives in one folder, which goes.
# usage: scripts/test-slurm.sh PROGRAM [--installed]   (--installed: with what is there, without installing anything)
set -euo pipefail
source_root=$(cd "$(dirname "$0")/.." && pwd)
program=$(realpath "${1:?usage: scripts/test-slurm.sh PROGRAM}")
begun=$SECONDS
skip() {
	echo "skipped: $*"
	exit 77
}
[ "$(id -u)" -eq 0 ] || skip "starting munge and slurmd needs root"
[ "${2:-}" = --installed ] || "$source_root/scripts/deps.sh" slurm || skip "Slurm's packages cannot be installed"
for tool in slurmctld slurmd munged sbatch; do
	command -v $tool >/dev/null || skip "$tool is not installed; scripts/deps.sh slurm installs it"
done
D=$(mktemp -d)
chmod 755 "$D"
stop() {
	local pid file
	[ -z "${SLURM_CONF:-}" ] || timeout 5 scancel --state=pending,running --user=root >/dev/null 2>&1 || true
	for file in slurmd-n1 slurmd-n2 slurmctld munged; do
		pid=$(cat "$D/run/$file.pid" 2>/dev/null) || continue
		kill "$pid" 2>/dev/null || true
		for ((i = 0; i < 50; i++)); do
			kill -0 "$pid" 2>/dev/null || break
			sleep 0.1
		done
		kill -9 "$pid" 2>/dev/null || true
	done
	# Elements that a killed slurmd left stopped.
	for file in "$D"/faults/*/*.pid; do
		[ ! -e "$file" ] || kill -9 "$(cat "$file")" 2>/dev/null || true
	done
	! mountpoint -q "$D/small" 2>/dev/null || umount -l "$D/small"
	rm -rf "$D"
}
trap stop EXIT
trap 'exit 1' INT TERM

# ---- One host's Slurm --------------------------------------------------------------------------------------------------------

mkdir -p "$D"/{state,spool,log,run,faults}
host=$(hostname -s)
free_port() { # the first of four neighbours that nobody listens on
	local base=$1
	while for ((i = 0; i < 4; i++)); do (exec 3<>"/dev/tcp/127.0.0.1/$((base + i))") 2>/dev/null && break; done &&
		[ "$i" -lt 4 ]; do
		base=$((base + 10))
	done
	echo "$base"
}
port=$(free_port $((16800 + $$ % 400 * 10)))
cat >"$D/slurm.conf" <<END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=cred_expire=5,socket=$D/run/munge.sock
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPort=$port
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
SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1,batch_sched_delay=0
ReturnToService=2
RequeueExit=75
KillWait=1
MinJobAge=3600
SlurmctldTimeout=10
SlurmdTimeout=10
MaxArraySize=10001
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmdParameters=config_overrides
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + 2))] CPUs=8 RealMemory=2000 State=UNKNOWN
PartitionName=ci Nodes=n[1-2] Default=YES PriorityTier=1
PartitionName=prod Nodes=n[1-2] PriorityTier=10
END
poll() { # SECONDS COMMAND...: until the command is true; false after so many seconds
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.1
	done
}
all_idle() { [ "$(timeout 5 sinfo -h -N -p ci -o %t 2>/dev/null | grep -cx idle)" = 2 ]; }
start() {
	# Not the user munge: a folder of root's is enough, and containers may forbid changing users.
	install -d -m 755 "$D/run/m"
	dd if=/dev/urandom of="$D/run/m/key" bs=1k count=1 status=none
	chmod 400 "$D/run/m/key"
	munged --force --key-file="$D/run/m/key" --socket="$D/run/munge.sock" --pid-file="$D/run/munged.pid" \
		--log-file="$D/log/munged.log" --seed-file="$D/run/m/seed" >/dev/null 2>&1 || skip "munged does not start"
	export SLURM_CONF=$D/slurm.conf
	slurmctld -c >/dev/null 2>&1 || skip "slurmctld does not start: $(tail -n 1 "$D/log/slurmctld.log" 2>/dev/null)"
	for node in n1 n2; do
		slurmd -N "$node" >/dev/null 2>&1 || skip "slurmd does not start: $(tail -n 1 "$D/log/slurmd-$node.log" 2>/dev/null)"
	done
	poll 30 all_idle || skip "the nodes do not come up: $(tail -n 1 "$D/log/slurmctld.log")"
	# A container may let the daemons start and no job.
	timeout 20 sbatch --output=/dev/null --wrap "echo > '$D/smoke'" >/dev/null 2>&1 || skip "jobs cannot be submitted here"
	poll 30 test -e "$D/smoke" || skip "jobs do not run here: $(tail -n 1 "$D/log/slurmd-n1.log")"
}

# ---- Runs --------------------------------------------------------------------------------------------------------------------

fail() {
	echo "FAIL: $*" >&2
	squeue >&2 || true
	for file in "$D"/*.slurm/log/*.log; do
		[ ! -s "$file" ] || [[ $(tail -n 1 "$file") = *'is complete' ]] || { echo "-- ${file#"$D/"}" && tail -n 3 "$file"; }
	done >&2
	exit 1
}
passed() { echo "ok, $((SECONDS - begun)) s: $*"; }
queue_empty() { [ -z "$(squeue -h -o %i 2>/dev/null || echo busy)" ]; }
drain() { poll "${1:-150}" queue_empty || fail "jobs are still there"; }
same() { cmp "$D/whole/SHA256SUMS" "$D/$1/SHA256SUMS" || fail "$1 differs from one process"; }
says() { # REGEX COMMAND...
	local regex=$1
	shift
	"$@" >"$D/said" 2>&1 || true
	grep -qE -- "$regex" "$D/said" || fail "no '$regex' from $*: $(cat "$D/said")"
}
logged() { # NAME GROUP REGEX: in the log of the group's gate
	grep -qE -- "$3" "$D/$1.slurm/log/$2-gate.log" || fail "$1: no '$3' from the gate of $2"
}

# The program, or where a file in faults/NAME/ asks for it, a fault once. Stages are stopped in the middle of a write: the shim
# counts the calls that change files.
make_faulty() {
	local compiler=${CC:-cc}
	command -v "$compiler" >/dev/null || skip "no C compiler for the faults"
	"$compiler" -shared -fPIC -O1 -o "$D/shim.so" "$source_root/tests/faults/shim.c" -ldl || skip "the faults cannot be compiled"
	cat >"$D/faulty" <<END
#!/usr/bin/env bash
real=$program shim=$D/shim.so faults=$D/faults
END
	cat >>"$D/faulty" <<'END'
shard=0
for ((i = 1; i <= $#; i++)); do
	case ${!i} in --plan) n=$((i + 1)) && name=$(basename "${!n}") ;; --shard) n=$((i + 1)) && shard=${!n%%/*} ;; esac
done
fault=$faults/$name/$2-$shard
[ "$1" = run ] && read -r action at 2>/dev/null <"$fault" && mv "$fault" "$fault.met" || exec "$real" "$@"
stopped() { # run until the call, then stand still in it
	FAULT_KIND=stop FAULT_AT=$at LD_PRELOAD=$shim "$real" "$@" &
	child=$!
	echo "$child" >"$fault.pid"
	while read -r _ _ state _ <"/proc/$child/stat" && [ "$state" != T ]; do sleep 0.02; done 2>/dev/null
}
case $action in
again) exit 75 ;;
full) FAULT_KIND=full FAULT_AT=$at LD_PRELOAD=$shim exec "$real" "$@" ;;
lost) rm -f "${at:?}" && exec "$real" "$@" ;;
killed)
	stopped "$@"
	kill -9 "$child" $PPID $$
	;;
held)
	stopped "$@"
	: >"$fault.holding"
	wait "$child"
	;;
twice) # a second one while the first is in the middle of it
	stopped "$@"
	second=0
	"$real" "$@" || second=$?
	echo "$second" >"$fault.second"
	kill -CONT "$child"
	wait "$child"
	;;
esac
END
	chmod +x "$D/faulty"
}
fault() { # NAME STAGE-SHARD ACTION [AT]
	mkdir -p "$D/faults/$1"
	echo "${*:3}" >"$D/faults/$1/$2"
}
met() { [ -e "$D/faults/$1/$2.met" ] || fail "$1: the fault in $2 was never met"; }
plan() { # NAME OPTION...: 8 shards, 5 partitions in arrays of three elements, submitted
	local name=$1 said=$D/$1.said
	shift
	"$program" slurm "${options[@]}" --shards 8 --partitions 5 -o "$D/$name" --array-max 3 --partition ci --program "$D/faulty" "$@" \
		>"$said" 2>&1 || fail "$name: $(cat "$said")"
	# An element that comes again waits for some seconds: what cannot help is not asked for often.
	sed -i 's/^requeues=.*/requeues=1/' "$D/$name.slurm/settings.sh"
	"$D/$name.slurm/submit.sh" >"$said" 2>&1 || fail "$name: $(cat "$said")"
}

# ---- Cases -------------------------------------------------------------------------------------------------------------------

prepare() {
	mkdir "$D/in"
	for i in 1 2 3 4; do
		cp "$source_root/tests/data/example-1.warc.gz" "$D/in/a$i.warc.gz"
		cp "$source_root/tests/data/example-2.warc.gz" "$D/in/b$i.warc.gz"
	done
	options=("$D/in" --max-part-bytes 50K)
	"$program" build "${options[@]}" -o "$D/whole" -j 2 --quiet
}

plan_calm() { # nothing but what the guide says
	"$program" slurm "${options[@]}" --shards 8 --partitions 5 -o "$D/calm" --submit >"$D/calm.said" 2>&1 ||
		fail "$(cat "$D/calm.said")"
}

# Those that need nothing but their own elements run side by side; each has its corpus.
submit_side_by_side() {
	plan_calm &

	local waiting
	fault killed extract-1 killed 2
	fault killed sign-2 killed 4
	fault killed match-0 killed 1
	fault killed emit-0 killed 6
	plan killed &

	fault again extract-2 again
	fault again digests-0 again
	plan again &

	fault full extract-0 full 2
	fault full sign-2 full 2
	fault full emit-1 full 3
	plan full &

	fault twice extract-2 twice 2
	fault twice sign-0 twice 3
	fault twice cluster-0 twice 1
	fault twice emit-2 twice 4
	plan twice &

	fault lost cluster-0 lost "$D/lost/.work/match-00002.pairs"
	plan lost &

	mkdir "$D/small"
	if mount -t tmpfs -o size=400k tmpfs "$D/small" 2>/dev/null; then
		# The corpus' folder is a disk of its own that is full long before the end.
		plan small --scripts "$D/small.slurm" --retries 0 &
	fi
	for waiting in $(jobs -p); do wait "$waiting" || exit 1; done
}

check_side_by_side() {
	drain 240
	same calm
	says 'is complete' "$program" slurm --status "$D/calm"
	says 'is complete; nothing to do' "$program" slurm --retry "$D/calm"
	passed "8 shards, 5 partitions: the bytes of one process"

	for at in extract-1 sign-2 match-0 emit-0; do met killed $at; done
	same killed
	logged killed extract 'missing elements 1$'
	logged killed extract 'submitted again as'
	logged killed emit 'submitted again as'
	[ -z "$(find "$D/killed" -name '*.tmp-*')" ] || fail "temporary files of a killed element are in the corpus"
	passed "elements killed with -9 in the middle of a write"

	met again extract-2
	same again
	[ "$(grep -c 'submitted again' "$D"/again.slurm/log/*-gate.log | grep -vc ':0$')" = 0 ] ||
		fail "an element that exits 75 did not come again by itself"
	passed "an element that exits 75"

	for at in extract-0 sign-2 emit-1; do met full $at; done
	same full
	grep -q 'No space left' "$D"/full.slurm/log/extract-0.log || fail "a full disk is not named"
	logged full sign 'submitted again as'
	passed "a full disk in one element"

	for at in extract-2 sign-0 cluster-0 emit-2; do met twice $at; done
	same twice
	[ "$(cat "$D/faults/twice/extract-2.second")" = 75 ] || fail "the second of two at one shard goes on"
	[ "$(cat "$D/faults/twice/sign-0.second")" = 0 ] || fail "two at one shard are in each other's way"
	passed "a shard run twice at once"

	met lost cluster-0
	[ ! -e "$D/lost/SHA256SUMS" ] || fail "a lost partition was not noticed"
	grep -q 'stage match is not complete: 1 of 5 missing, the first is partition 2' "$D/lost.slurm/log/cluster-0.log" ||
		fail "the lost partition is not named"
	logged lost cluster 'match, which comes before, is missing elements 2 of 3'
	logged lost cluster 'go on with: .* slurm --retry .* --submit'
	says '^match +5 +4 +0 +0 +1' "$program" slurm --status "$D/lost"
	says 'missing of match: elements 2 of 3' "$program" slurm --retry "$D/lost"
	"$program" slurm --retry "$D/lost" --submit >"$D/said" 2>&1 || fail "retry: $(cat "$D/said")"

	if mountpoint -q "$D/small"; then
		[ ! -e "$D/small/SHA256SUMS" ] || fail "a full disk was not noticed"
		grep -qh 'No space left' "$D"/small.slurm/log/*.log || fail "a full disk is not named"
		grep -qh 'go on with: .* slurm --retry .* --submit' "$D"/small.slurm/log/*-gate.log || fail "no word on how to go on"
		mount -o remount,size=64m "$D/small"
		"$program" slurm --retry "$D/small" --scripts "$D/small.slurm" --submit >"$D/said" 2>&1 || fail "retry: $(cat "$D/said")"
	fi
}

check_retried() {
	drain
	same lost
	passed "a lost partition, and --retry"
	if mountpoint -q "$D/small"; then
		same small
		passed "a disk that fills, room made, and --retry"
	else
		echo "not tested: a disk that really fills (mounting is not allowed here)"
	fi
}

held() { [ -e "$D/faults/$1/$2.holding" ]; }
node_of() { squeue -h -r -t R -o '%N %j %K' | awk -v j="$1-" -v e="$2" 'index($2, j) == 1 && $3 == e { print $1 }'; }
restarted() { # NAME GROUP ELEMENT
	squeue -h -r -o '%i %j' | awk -v j="$1-" -v g="-$2" 'index($2, j) == 1 && substr($2, length($2) - length(g) + 1) == g { print $1 }' |
		grep "_$3\$" | xargs -r -n 1 scontrol show job -o | grep -q 'Restarts=[1-9]'
}

node_up() { [[ $(sinfo -h -n "$1" -p ci -o %t) =~ ^(idle|mix|alloc)$ ]]; }

# What happens to nodes happens to all that is on them: one after the other.
node_down() {
	fault down extract-1 held 2
	plan down
	poll 60 held down extract-1 || fail "the element does not start"
	says '^extract +8 +[0-7] +[1-9]' "$program" slurm --status "$D/down"
	local node
	node=$(node_of down 1)
	[ -n "$node" ] || fail "where the element runs is not known"
	scontrol update "nodename=$node" state=down reason=test
	poll 60 restarted down extract 1 || fail "the element is not requeued"
	# With ReturnToService=2 it may have come back by itself.
	scontrol update "nodename=$node" state=resume 2>/dev/null || true
	poll 60 node_up "$node" || fail "$node does not come back"
	drain
	met down extract-1
	same down
	passed "a node taken down in the middle of a run"
}

preemption() {
	fault preempted extract-2 held 2
	fault preempted emit-0 held 5
	plan preempted
	for at in extract-2 emit-0; do
		poll 60 held preempted $at || fail "the element does not start"
		local job
		job=$(sbatch --parsable --partition prod --nodes 2 --exclusive --output /dev/null --wrap true)
		poll 60 restarted preempted "${at%-*}" "${at#*-}" || fail "the element is not requeued"
		poll 60 job_gone "$job" || fail "the job that preempts does not end"
	done
	drain
	same preempted
	passed "preemption and requeue"
}
job_gone() { [ -z "$(squeue -h -j "$1" -o %i 2>/dev/null)" ]; }

make_faulty
start
echo "ok, $((SECONDS - begun)) s: Slurm runs"
prepare
submit_side_by_side
echo "ok, $((SECONDS - begun)) s: submitted"
check_side_by_side
node_down
preemption
check_retried
