# A worker that needs nothing but Python: worker.py <server> <task id>, with the key in WORKER_KEY where the server has one
import json, os, sys, time, urllib.error, urllib.request

def report(server, task, **state):
    """Sends a report, and sends it again while the server cannot be reached or says "later" (429, 503): a restart of the server is not the task's end."""
    request = urllib.request.Request(f"{server}/api/tasks/{task}", json.dumps(state).encode(), method="PUT")
    request.add_header("Content-Type", "application/json")
    if key := os.environ.get("WORKER_KEY"):
        request.add_header("Authorization", f"Bearer {key}")
    for attempt in range(120):
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 502, 503, 504) or attempt == 119:
                raise
        except OSError:
            if attempt == 119:
                raise
        time.sleep(1)

server, task = sys.argv[1].rstrip("/"), sys.argv[2]
try:
    for file in range(1, 21):
        time.sleep(0.05)
        report(server, task, progress=100 * file / 20, message=f"{file} of 20 files")
    report(server, task, status="completed", result={"files": 20})
except urllib.error.HTTPError as error:
    # 409: the task has ended, because somebody cancelled it.
    sys.exit(f"{error.code} {json.load(error)['detail']}")
