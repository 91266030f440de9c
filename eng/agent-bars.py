#!/usr/bin/env python3
"""Measures the agent against its bars: processor time and memory with 8 scripted GPUs, and a server that is away for a while.

    dotnet publish src/Agent -c Release -r linux-x64 -o artifacts/agent
    eng/agent-bars.py artifacts/agent/energyttt-agent [--measure 60] [--away 60]

Needs python3 and cc. The driver is tests/Telemetry.Tests/FakeNvml/fake_nvml.c, compiled into a temporary folder. Prints JSON; exit 1 when a bar is missed.
"""
import argparse, http.server, json, os, pathlib, subprocess, sys, tempfile, threading, time

SCRIPT = """gpus 8
gpu * set power 0 600
gpu * set power 20 70
gpu * set power 40 690
gpu * set temp 0 66
gpu * set memtemp 0 75
gpu * set margin 0 21
gpu * set util 0 100
gpu * set memutil 0 86
gpu * set used 0 14214496256
gpu * set total 0 85520809984
gpu * set sm 0 1980
gpu * set mem 0 2619
gpu * set reasons 0 0
gpu * rate power_cap 0 0.25
gpu * rate sw_thermal 0 0
gpu * rate hw_thermal 0 0
gpu * rate brake 0 0
"""


class Server:
    """Stores frames by (GPU, boot, sequence); can go away and come back on its port."""

    def __init__(self):
        self.seen, self.arrivals, self.repeats, self.port = {}, [], 0, 0
        self.start()

    def start(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                batch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                fresh = 0
                for frame in batch["frames"]:
                    key = (frame["gpu"], batch["boot"], frame["sequence"])
                    fresh += key not in outer.seen
                    outer.repeats += key in outer.seen
                    if key not in outer.seen:
                        outer.seen[key] = frame
                        outer.arrivals.append(key)
                answer = json.dumps({"accepted": fresh, "duplicates": len(batch["frames"]) - fresh, "rejected": []}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                self.close_connection = not outer.up

        http.server.ThreadingHTTPServer.allow_reuse_address = True
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        self.port, self.up = self.server.server_port, True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.up = False
        self.server.shutdown()
        self.server.server_close()
        time.sleep(1.5)  # the open connection ends with its next answer


def usage(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(") ", 1)[1].split()
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    status = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status") if ":" in line)
    return cpu, {name: int(status[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM", "RssAnon", "RssFile")}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("agent")
    parser.add_argument("--measure", type=float, default=60)
    parser.add_argument("--away", type=float, default=60)
    options = parser.parse_args()
    source = pathlib.Path(__file__).resolve().parent.parent / "tests/Telemetry.Tests/FakeNvml/fake_nvml.c"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-o", f"{folder}/libnvidia-ml.so.1", str(source), "-lm"], check=True)
        pathlib.Path(folder, "script").write_text(SCRIPT)
        server = Server()
        environment = dict(os.environ, LD_LIBRARY_PATH=folder, ENERGYTTT_FAKE_NVML=f"{folder}/script", ENERGYTTT_KEY="ettt_bars")
        log = open(f"{folder}/log", "w+")
        agent = subprocess.Popen([options.agent, "run", "--server", f"http://127.0.0.1:{server.port}", "--buffer", f"{folder}/buffer", "--host", "bars"], env=environment, stderr=log)
        time.sleep(5)
        began, (cpu, _) = time.monotonic(), usage(agent.pid)
        time.sleep(options.measure)
        used, memory = usage(agent.pid)
        share = (used - cpu) / (time.monotonic() - began)
        server.stop()
        before = len(server.seen)
        time.sleep(options.away)
        buffered = sum(f.stat().st_size for f in pathlib.Path(folder, "buffer").rglob("*.seg"))
        server.start()
        back = time.monotonic()
        while time.monotonic() - back < 60 and len(server.seen) < before + 8 * (options.away - 2):
            time.sleep(0.1)
        caught_up = time.monotonic() - back
        time.sleep(2)
        _, after = usage(agent.pid)
        agent.terminate()
        code = agent.wait(15)
        log.seek(0)
        lost, order = 0, True
        for gpu in {key[0] for key in server.seen}:
            sequences = [key[2] for key in server.arrivals if key[0] == gpu]
            order &= sequences == sorted(sequences)
            lost += max(sequences) + 1 - len(set(sequences))
        seconds = sum(frame["seconds"] for frame in server.seen.values())
        result = {
            "gpus": 8, "measured_seconds": options.measure, "cpu_percent_of_one_core": round(100 * share, 3), "memory_mib": memory, "memory_after_outage_mib": after,
            "server_away_seconds": options.away, "buffered_bytes": buffered, "caught_up_seconds": round(caught_up, 2), "frames": len(server.seen), "frame_seconds": round(seconds, 1),
            "lost": lost, "sent_twice": server.repeats, "in_order": order, "exit_code": code, "log": log.read().splitlines()[-4:],
        }
        result["passed"] = share <= 0.01 and max(memory["VmRSS"], after["VmRSS"]) <= 30 and lost == 0 and order and code == 0
        print(json.dumps(result, indent=1))
        return 0 if result["passed"] else 1


sys.exit(main())
