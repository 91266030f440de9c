"""Tests of the client against a server of ours on the loopback address. Standard library only: python3 -m unittest test_energyttt"""

import http.server
import json
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import energyttt
from energyttt import ShapeMismatch, SteeringClient, UNSTEERED, bias_sha256, parse_epoch

LAYERS, EXPERTS, TOP_K = 2, 4, 2


def epoch_message(number=1, arm="treated", seconds=60.0, now=None, **changes):
    now = now or datetime.now(timezone.utc)
    layers = [{"layer": layer, "strategy": "EnergyAwareTTT", "bias": [0.3, -0.1, -0.1, -0.1], "spread": 0.4, "guard_bound": 0.95, "batch_aware": "consolidate"}
              for layer in range(LAYERS)]
    message = {"epoch": number, "arm": arm, "policy_version": 7, "bias_space": "logit",
               "expires_at": (now + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z"), "layers": layers}
    message.update(changes)
    return message


class FakeServer:
    """Says what a test tells it to and remembers what it was told."""

    def __init__(self, port=0):
        self.epoch, self.answers, self.requests, self.placed = None, [], [], {"replica": "b", "reasons": {}}
        self.changed = threading.Condition()
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            date = None

            def log_message(self, *_):
                pass

            def send(self, status, body=None, headers=()):
                data = b"" if body is None else json.dumps(body).encode()
                self.send_response_only(status)
                self.send_header("Date", format_datetime(fake.now(), usegmt=True))
                self.send_header("Content-Length", str(len(data)))
                self.send_header("Connection", "close")
                for name, value in headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)
                self.close_connection = True

            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                query = urllib.parse.parse_qs(url.query)
                fake.note("GET", url.path, query, self.headers)
                with fake.changed:
                    fake.changed.wait_for(lambda: fake.closed or (fake.epoch and fake.epoch["epoch"] != int(query["after"][0])), 0.3)
                self.send(204) if not fake.epoch or fake.epoch["epoch"] == int(query["after"][0]) else self.send(200, fake.epoch)

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                fake.note("POST", self.path, body, self.headers)
                if self.path.endswith("/place"):
                    return self.send(200, fake.placed)
                status, answer, headers = fake.answers.pop(0) if fake.answers else (200, fake.epoch, ())
                self.send(status, answer, headers)

            do_PUT = do_POST

        self.closed = False
        self.skew = timedelta()
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.http.daemon_threads = True
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def now(self):
        return datetime.now(timezone.utc) + self.skew

    def note(self, *request):
        with self.changed:
            self.requests.append(request)
            self.changed.notify_all()

    def issue(self, epoch):
        with self.changed:
            self.epoch = epoch
            self.changed.notify_all()

    def posted(self, kind):
        return [body for method, path, body, _ in self.requests if method == "POST" and path.endswith("/" + kind)]

    def close(self):
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        self.http.shutdown()
        self.http.server_close()


def wait_for(what, seconds=5.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError("it did not happen within %.0f s" % seconds)


class ClientTests(unittest.TestCase):
    def setUp(self):
        self.server = FakeServer()
        self.seconds = 1000.0
        self.clients = []

    def tearDown(self):
        for client in self.clients:
            client.close(0)
        self.server.close()

    def client(self, start=True, **options):
        options = {"layers": LAYERS, "experts": EXPERTS, "top_k": TOP_K, "clock": lambda: self.seconds, "timeout": 2.0, "poll_seconds": 0.3, "seed": 1, **options}
        client = SteeringClient(f"http://127.0.0.1:{self.server.port}", "ettt_k", "qwen", "a", **options)
        self.clients.append(client)
        return client.start() if start else client

    def report(self, client, epoch=UNSTEERED):
        return client.report(tokens=64, batch_tokens=16, epoch=epoch, layers=[{"layer": l, "expert_counts": [32, 32, 32, 32], "mean_gate_probability": [0.25] * 4}
                                                                              for l in range(LAYERS)])

    def test_an_epoch_arrives_by_long_poll_and_its_receipt_carries_the_digest(self):
        client = self.client()
        self.assertIs(client.current(), UNSTEERED)

        self.server.issue(epoch_message(5))
        epoch = wait_for(lambda: client.current() if client.current().number == 5 else None)
        client.applied(epoch, ranks=2)
        receipt = wait_for(lambda: self.server.posted("applied"))[0]

        self.assertTrue(epoch.steers)
        self.assertEqual(epoch.layers[1].guard_bound, 0.95)
        self.assertEqual(receipt, {"replica": "a", "epoch": 5, "ranks_applied": 2, "bias_sha256": bias_sha256(epoch)})
        # sha256 of two times (0.3, -0.1, -0.1, -0.1) as little-endian float32
        self.assertEqual(receipt["bias_sha256"], "4c0d69534a5515f36b94c43cad8b0ab8bb7226229fc96c18d0714ee5132a71bd")
        self.assertEqual(self.server.requests[0][3]["Authorization"], "Bearer ettt_k")

    def test_an_epoch_that_is_not_renewed_ends_by_the_monotonic_clock(self):
        client = self.client()
        self.server.issue(epoch_message(1, seconds=60))
        wait_for(lambda: client.current().number == 1)

        self.seconds += 57
        before = client.current()
        self.seconds += 4
        after = client.current()

        self.assertEqual(before.number, 1)
        self.assertIs(after, UNSTEERED)
        self.assertFalse(after.steers)
        self.assertEqual(client.counters["expired"], 1)

    def test_a_wrong_clock_on_the_host_neither_stretches_nor_cuts_an_epoch(self):
        self.server.skew = timedelta(hours=5)
        client = self.client()
        self.server.issue(epoch_message(1, seconds=60, now=self.server.now()))
        wait_for(lambda: client.current().number == 1)

        self.seconds += 57
        self.assertEqual(client.current().number, 1)
        self.seconds += 4
        self.assertIs(client.current(), UNSTEERED)

    def test_no_epoch_lives_longer_than_the_clients_own_limit(self):
        client = self.client(lifetime_limit=10.0)
        self.server.issue(epoch_message(1, seconds=86400))
        wait_for(lambda: client.current().number == 1)

        self.seconds += 10.1

        self.assertIs(client.current(), UNSTEERED)

    def test_the_same_epoch_with_a_later_expiry_is_a_renewal(self):
        client = self.client()
        self.server.issue(epoch_message(3, seconds=60))
        first = wait_for(lambda: client.current() if client.current().number == 3 else None)

        self.seconds += 50
        self.report(client, first)
        wait_for(lambda: client.counters["posted"] == 1)
        self.server.issue(epoch_message(3, seconds=90))
        self.report(client, first)
        wait_for(lambda: client.counters["posted"] == 2)
        self.seconds += 30

        self.assertEqual(client.current().number, 3)
        self.assertIs(client.current().layers, first.layers)

    def test_a_held_out_block_is_not_steered_and_is_reported_as_held_out(self):
        client = self.client()
        self.server.issue(epoch_message(9, arm="held_out"))
        epoch = wait_for(lambda: client.current() if client.current().number == 9 else None)

        self.report(client, epoch)
        sent = wait_for(lambda: self.server.posted("feedback"))[0]

        self.assertFalse(epoch.steers)
        self.assertEqual((sent["epoch"], sent["arm"]), (9, "held_out"))

    def test_the_answer_to_feedback_brings_the_next_epoch(self):
        client = self.client(poll_seconds=30.0)
        self.server.answers = [(200, epoch_message(12), ())]

        self.report(client)

        wait_for(lambda: client.current().number == 12)

    def test_older_news_does_not_replace_an_epoch_in_force(self):
        client = self.client()
        self.server.issue(epoch_message(8))
        wait_for(lambda: client.current().number == 8)
        self.server.answers = [(200, epoch_message(7), ())]

        self.report(client)
        wait_for(lambda: client.counters["posted"] == 1)

        self.assertEqual(client.current().number, 8)

    def test_feedback_is_repeated_unchanged_until_the_server_has_it(self):
        client = self.client()
        self.server.answers = [(503, {"code": "busy"}, ()), (429, {"code": "busy"}, (("Retry-After", "0.01"),)), (200, None, ())]

        chunk = self.report(client)
        wait_for(lambda: client.counters["posted"] == 1)
        sent = self.server.posted("feedback")

        self.assertEqual(len(sent), 3)
        self.assertEqual(sent[0], sent[1])
        self.assertEqual(sent[0], sent[2])
        self.assertEqual(sent[0]["chunk"], chunk)
        self.assertEqual(sent[0]["bias_space"], "logit")

    def test_feedback_that_the_server_refuses_is_not_said_again(self):
        client = self.client()
        self.server.answers = [(422, {"code": "vector_length", "detail": "layer 0: 4 counts for 8 experts"}, ())]

        self.report(client)
        self.report(client)
        wait_for(lambda: client.counters["posted"] == 1)

        self.assertEqual(client.counters["refused"], 1)
        self.assertEqual(len(self.server.posted("feedback")), 2)
        self.assertIn("vector_length", str(client.last_error))

    def test_chunks_grow_and_a_restarted_engine_never_uses_a_number_again(self):
        wall = [1_800_000_000.0]
        first = self.client(start=False, wall_clock=lambda: wall[0])
        numbers = [self.report(first) for _ in range(3)]
        wall[0] += 1
        second = self.client(start=False, wall_clock=lambda: wall[0])

        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertGreater(self.report(second), numbers[-1])

    def test_while_the_server_is_away_the_engine_runs_unsteered_and_comes_back_by_itself(self):
        self.server.issue(epoch_message(1, seconds=60))
        client = self.client(queue_limit=4)
        wait_for(lambda: client.current().number == 1)
        port = self.server.port
        self.server.close()

        self.seconds += 600
        started = time.perf_counter()
        for _ in range(10):
            self.report(client, client.current())
        waited = time.perf_counter() - started

        self.assertIs(client.current(), UNSTEERED)
        self.assertLess(waited, 0.5)
        self.assertGreaterEqual(client.counters["dropped"], 5)

        self.server = FakeServer(port)
        self.server.issue(epoch_message(2))
        wait_for(lambda: client.current().number == 2, 20)
        wait_for(lambda: client.counters["posted"] >= 4, 20)

    def test_an_epoch_of_another_bias_space_is_refused_and_steering_ends(self):
        client = self.client()
        self.server.issue(epoch_message(1))
        wait_for(lambda: client.current().number == 1)

        self.server.issue(epoch_message(2, bias_space="softmax_score"))
        wait_for(lambda: client.counters["mismatched"])

        self.assertIs(client.current(), UNSTEERED)
        self.assertIn("softmax_score", str(client.last_error))

    def test_placement_answers_a_replica_or_none_when_the_server_is_away(self):
        client = self.client(start=False)
        self.assertEqual(client.place([0.125] * 64, tokens=100), "b")
        self.server.close()

        self.assertIsNone(client.place(timeout=0.2))

        self.server = FakeServer()

    def test_a_client_says_what_is_wrong_with_its_settings(self):
        for changes, part in (({"bias_space": "loggit"}, "loggit"), ({"top_k": 5}, "1 to 4"), ({"layers": 0}, "at least one")):
            with self.subTest(part), self.assertRaisesRegex(ValueError, part):
                self.client(start=False, **changes)


class EpochTests(unittest.TestCase):
    def parse(self, message):
        return parse_epoch(message, layers=LAYERS, experts=EXPERTS, bias_space="logit", lifetime_limit=300.0, monotonic_now=10.0,
                           server_now=datetime.now(timezone.utc).timestamp())

    def test_every_fault_of_an_epoch_is_named(self):
        message = epoch_message(4)
        message["layers"][0]["bias"] = [0.1, 0.2]
        message["layers"][1]["guard_bound"] = 0

        with self.assertRaises(ShapeMismatch) as caught:
            self.parse(message)

        self.assertIn("layer 0: bias must be 4 finite numbers", str(caught.exception))
        self.assertIn("layer 1: guard_bound is 0", str(caught.exception))

    def test_layers_may_come_in_any_order_and_no_bias_is_all_zero(self):
        message = epoch_message(4)
        message["layers"].reverse()
        message["layers"][0]["bias"] = None

        epoch = self.parse(message)

        self.assertEqual([each.layer for each in epoch.layers], [0, 1])
        self.assertEqual(epoch.layers[1].bias, (0.0,) * EXPERTS)

    def test_a_number_that_is_none_is_refused(self):
        message = epoch_message(4)
        message["layers"][0]["bias"][2] = float("nan")

        with self.assertRaisesRegex(ShapeMismatch, "finite"):
            self.parse(message)

    def test_times_are_read_with_any_fraction_and_offset(self):
        self.assertAlmostEqual(energyttt._instant("2026-11-23T01:02:03.1234567Z"), 1795395723.1234567, 5)
        self.assertAlmostEqual(energyttt._instant("2026-11-23T03:02:03+02:00"), 1795395723.0, 5)

    def test_importing_the_file_needs_the_standard_library_only(self):
        code = "import sys, energyttt; sys.exit(any(m in sys.modules for m in ('torch', 'numpy', 'transformers', 'requests')))"
        done = subprocess.run([sys.executable, "-S", "-c", code], cwd=Path(__file__).parent, timeout=60)
        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
