#!/usr/bin/python3 -SE
"""A Slurm that lives in one folder ($FAKE_SLURM) and runs nothing until it is told to: sbatch, scontrol, squeue and scancel as
links to this file, and `fake_slurm.py run` or, for one job, `step`. It knows what the scripts of `warcmill slurm` rely on: arrays, MaxArraySize,
dependencies, hold and release, requeue by element, and that a failed element never satisfies afterok. So their logic is tested
where no Slurm can be started; scripts/test-slurm.sh has the real one."""
import json
import os
import sys

ROOT = os.environ["FAKE_SLURM"]
STATE = os.path.join(ROOT, "state.json")


def load():
    try:
        with open(STATE) as file:
            return json.load(file)
    except FileNotFoundError:
        return {"next": 100, "jobs": {}}


def save(state):
    with open(STATE + ".new", "w") as file:
        json.dump(state, file, indent=1)
    os.rename(STATE + ".new", STATE)


def array_max():
    return int(os.environ.get("FAKE_MAX_ARRAY", "1001"))


def indexes(text):
    found = []
    for part in text.split("%")[0].split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def sbatch(arguments):
    options = []
    while arguments and arguments[0].startswith("--"):
        options.append(arguments.pop(0))
    value = dict(option[2:].split("=", 1) for option in options if "=" in option)
    state = load()
    if os.environ.get("FAKE_FAILS_AT") == str(len(state["jobs"])):
        sys.exit("sbatch: error: Batch job submission failed: Invalid account or account/partition combination")
    array = indexes(value["array"]) if "array" in value else None
    if array and max(array) >= array_max():
        sys.exit("sbatch: error: Batch job submission failed: Invalid job array specification")
    number = str(state["next"])
    state["next"] += 1
    state["jobs"][number] = {
        "name": value.get("job-name", ""), "options": options, "script": arguments[0], "arguments": arguments[1:],
        "output": value.get("output", "/dev/null"), "dependency": value.get("dependency", ""),
        "kill": value.get("kill-on-invalid-dep") == "yes", "hold": "--hold" in options, "array": array is not None,
        "elements": {str(i): {"state": "PD", "restarts": 0} for i in (array or [-1])},
    }
    save(state)
    print(number)


def scontrol(arguments):
    state = load()
    verb = arguments[0]
    if verb == "show":
        print(f"SelectType              = select/cons_tres\nMaxArraySize            = {array_max()}")
    elif verb == "release":
        state["jobs"][arguments[1]]["hold"] = False
    elif verb == "requeue":
        number, _, element = arguments[1].partition("_")
        state["jobs"][number]["elements"][element or "-1"]["again"] = True
    elif verb == "update":
        value = dict(word.split("=", 1) for word in arguments[1:])
        state["jobs"][value["JobId"]]["dependency"] = value["Dependency"]
    else:
        sys.exit(f"scontrol: error: {verb}?")
    save(state)


def scancel(arguments):
    state = load()
    for number in arguments:
        for element in state["jobs"][number]["elements"].values():
            element["state"] = "CA"
    save(state)


def squeue(_):
    for number, job in load()["jobs"].items():
        for element in job["elements"].values():
            if element["state"] in ("PD", "R"):
                print(element["state"], job["name"])


def met(state, job):
    """True, False, or None for never."""
    kind, _, number = job["dependency"].partition(":")
    if not kind:
        return True
    states = [element["state"] for element in state["jobs"][number]["elements"].values()]
    if any(one in ("PD", "R") for one in states):
        return False
    return True if kind == "afterany" or all(one == "CD" for one in states) else None


def run_element(number, index):
    import subprocess  # not needed by the others, and slow to load

    state = load()
    job = state["jobs"][number]
    element = job["elements"][index]
    element["state"] = "R"
    save(state)
    environment = dict(os.environ, SLURM_JOB_ID=number, SLURM_CPUS_PER_TASK="1", SLURM_RESTART_COUNT=str(element["restarts"]))
    if job["array"]:
        environment.update(SLURM_ARRAY_JOB_ID=number, SLURM_ARRAY_TASK_ID=index)
    with open(job["output"].replace("%a", index), "ab") as log:
        code = subprocess.run(["bash", job["script"], *job["arguments"]], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                              env=environment, start_new_session=True).returncode
    state = load()
    element = state["jobs"][number]["elements"][index]
    if element.pop("again", False):
        element.update(state="PD", restarts=element["restarts"] + 1)
    elif element["state"] == "R":
        element["state"] = "CD" if code == 0 else "F"
    save(state)


def run(jobs=1 << 30):
    """Until so many jobs have run or nothing can start any more. Elements of one array run from the last to the first."""
    moved = True
    done = 0
    while moved:
        moved = False
        for number in list(load()["jobs"]):
            state = load()
            job = state["jobs"][number]
            pending = [index for index, element in job["elements"].items() if element["state"] == "PD"]
            if not pending or job["hold"]:
                continue
            ready = met(state, job)
            if ready:
                for index in reversed(pending):
                    run_element(number, index)
                done += 1
                if done == jobs:
                    return True
            elif ready is None and job["kill"]:
                scancel([number])
            moved = moved or ready is not False and (ready or job["kill"])
    return done > 0


def jobs(arguments):
    """What was submitted, one job a line: name, then its options."""
    for job in load()["jobs"].values():
        print(job["name"], *job["options"], job["dependency"], sep="\t")


name = os.path.basename(sys.argv[0])
if name in ("sbatch", "scontrol", "scancel", "squeue"):
    {"sbatch": sbatch, "scontrol": scontrol, "scancel": scancel, "squeue": squeue}[name](sys.argv[1:])
else:
    {"run": lambda _: run(), "step": lambda _: sys.exit(0 if run(1) else 1), "jobs": jobs}[sys.argv[1]](sys.argv[2:])
