# A worker that needs nothing but Python: worker.py <server> <task id>, with the key in WORKER_KEY where the server has one.
# Beside its state it writes an output: curl -N -H 'accept: text/event-stream' <server>/api/tasks/<task id>/output
import json, os, sys, time, urllib.error, urllib.request

def send(method, path, body, content_type):
    """Sends a request, and sends it again while the server cannot be reached or says "later" (429, 503): a restart of the server is not the task's end."""
    request = urllib.request.Request(server + path, body, method=method)
    request.add_header("Content-Type", content_type)
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

def report(**state):
    return send("PUT", f"/api/tasks/{task}", json.dumps(state).encode(), "application/json")

def write(text):
    """Appends to the output. The place makes a repeat known: what was sent twice stands there once."""
    global written
    written = send("POST", f"/api/tasks/{task}/output?offset={written}", text.encode(), "text/plain; charset=utf-8")["offset"]

server, task, written = sys.argv[1].rstrip("/"), sys.argv[2], 0
try:
    for file in range(1, 21):
        time.sleep(0.05)
        write(f"file {file} ✓\n")
        report(progress=100 * file / 20, message=f"{file} of 20 files")
    report(status="completed", result={"files": 20})
except urllib.error.HTTPError as error:
    # 409: the task has ended, because somebody cancelled it.
    sys.exit(f"{error.code} {json.load(error)['detail']}")
