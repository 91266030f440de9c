"""Steering of a mixture-of-experts engine by an EnergyTTT server, in one file.

The client needs only Python's standard library (3.9 or later). It never blocks the engine and never decides for it: an
instruction ("epoch") is used until it expires by the monotonic clock, and after that the engine runs on its own gate again.

    from energyttt import SteeringClient
    with SteeringClient(url, key, deployment="qwen", replica="a", layers=48, experts=128, top_k=8) as client:
        steering = client.current()            # never waits; steering.steers is False while there is nothing to apply
        ...
        client.report(feedback)                # never waits; posted behind, repeated until the server has it

With transformers (Mixtral, Qwen2-MoE, Qwen3-MoE, OLMoE; torch is imported only here):

    hook = attach(model, client)               # selection-only bias, guard per token, batch-aware step, feedback
    model.generate(...)
    hook.detach()                              # everything is as it was
"""

from __future__ import annotations

import base64
import collections
import dataclasses
import datetime
import email.utils
import hashlib
import json
import logging
import math
import random
import struct
import threading
import time
import types
import urllib.error
import urllib.parse
import urllib.request

__all__ = [
    "EnergyTTTError", "Refused", "ShapeMismatch", "Epoch", "LayerSteering", "UNSTEERED", "SteeringClient",
    "attach", "GateHook", "select_experts", "parse_epoch", "bias_sha256",
]

_log = logging.getLogger("energyttt")

BIAS_SPACES = ("logit", "softmax_score", "sigmoid_score", "sqrtsoftplus_score")
BATCH_STEPS = ("none", "opportunistic", "consolidate", "marginal")


class EnergyTTTError(Exception):
    """Something that this file found wrong."""


class ShapeMismatch(EnergyTTTError):
    """An instruction does not fit the engine: another bias space, another number of layers or experts, or not a number."""


class Refused(EnergyTTTError):
    """The server said no. ``status`` is the HTTP status, ``code`` the stable code of its problem document."""

    def __init__(self, status, code, detail):
        super().__init__(f"the server refused with {status} {code}: {detail}")
        self.status, self.code, self.detail = status, code, detail


# ------------------------------------------------------------------------------------------------------------ epochs

@dataclasses.dataclass(frozen=True)
class LayerSteering:
    """What one layer's selection needs."""

    layer: int
    strategy: str
    bias: tuple            # one number per expert, added for selection only; all 0 when the server sent none
    prices: tuple | None   # relative to their mean, one per expert; None when all are equal
    guard_bound: float     # the least share of its gate mass that every token keeps, above 0 to 1
    batch_aware: str       # none, opportunistic, consolidate or marginal (carried out as consolidate: the bound of every token is the same)
    guaranteed_experts: int | None


@dataclasses.dataclass(frozen=True)
class Epoch:
    """One immutable instruction for all layers. ``deadline`` is on the client's monotonic clock."""

    number: int
    arm: str
    policy_version: int
    bias_space: str
    layers: tuple
    deadline: float

    @property
    def steers(self):
        """Whether there is anything to apply: False for no epoch and for a block that is held out on purpose."""
        return bool(self.layers) and self.arm == "treated"


UNSTEERED = Epoch(0, "treated", 0, "logit", (), math.inf)
"""What :meth:`SteeringClient.current` answers while there is no epoch that counts."""


def parse_epoch(body, *, layers, experts, bias_space, lifetime_limit, monotonic_now, server_now):
    """Checks the server's message and builds the epoch, or raises ShapeMismatch with all that is wrong."""
    wrong = []
    if body.get("bias_space") != bias_space:
        wrong.append(f"its bias is in the space '{body.get('bias_space')}', this engine adds it in '{bias_space}'")
    entries = body.get("layers") or []
    if len(entries) != layers:
        wrong.append(f"it has {len(entries)} layers, this engine has {layers}")
    seen, parsed = set(), []
    for entry in entries if not wrong else ():
        layer = entry.get("layer")
        where = f"layer {layer}"
        if not isinstance(layer, int) or not 0 <= layer < layers or layer in seen:
            wrong.append(f"{where} is out of 0..{layers - 1} or comes twice")
            continue
        seen.add(layer)
        bias, prices, guard = entry.get("bias"), entry.get("prices"), entry.get("guard_bound")
        for name, vector in (("bias", bias), ("prices", prices)):
            if vector is not None and (len(vector) != experts or not all(isinstance(x, (int, float)) and math.isfinite(x) for x in vector)):
                wrong.append(f"{where}: {name} must be {experts} finite numbers")
        if not isinstance(guard, (int, float)) or not 0 < guard <= 1:
            wrong.append(f"{where}: guard_bound is {guard}, it must be above 0 and at most 1")
        step, own = entry.get("batch_aware"), entry.get("guaranteed_experts")
        if step not in BATCH_STEPS:
            wrong.append(f"{where}: batch_aware is '{step}', it must be one of {', '.join(BATCH_STEPS)}")
        if step == "opportunistic" and not (isinstance(own, int) and own >= 1):
            wrong.append(f"{where}: an opportunistic step needs guaranteed_experts of 1 or more, not {own}")
        if not wrong:
            parsed.append(LayerSteering(layer, str(entry.get("strategy")), tuple(map(float, bias)) if bias else (0.0,) * experts,
                                        tuple(map(float, prices)) if prices else None, float(guard), step, own))
    if wrong:
        raise ShapeMismatch(f"epoch {body.get('epoch')} does not fit this engine: " + "; ".join(wrong))
    lifetime = (_instant(body["expires_at"]) - server_now)
    return Epoch(int(body["epoch"]), body.get("arm", "treated"), int(body.get("policy_version", 0)), bias_space,
                 tuple(sorted(parsed, key=lambda each: each.layer)), monotonic_now + max(0.0, min(lifetime, lifetime_limit)))


def bias_sha256(epoch):
    """SHA-256 over the biases of all layers in order as little-endian float32: proves to the server what is applied."""
    digest = hashlib.sha256()
    for each in epoch.layers:
        digest.update(struct.pack(f"<{len(each.bias)}f", *each.bias))
    return digest.hexdigest()


def _instant(text):
    """RFC 3339 to unix seconds; fractions of any length."""
    head, _, tail = text.replace("Z", "+00:00").partition(".")
    if tail:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        head, fraction = head + tail[digits:], float("0." + tail[:digits])
    else:
        fraction = 0.0
    moment = datetime.datetime.fromisoformat(head)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return moment.timestamp() + fraction


# ------------------------------------------------------------------------------------------------------------ client

class SteeringClient:
    """Keeps the newest epoch at hand and posts feedback behind, on two threads of its own.

    The token path touches :meth:`current`, :meth:`report` and :meth:`applied` only; none of them waits for the network, a
    lock or the disk. Everything else may fail for as long as it likes: the engine goes on without steering and comes back by
    itself.

    ``lifetime_limit``: seconds after which an epoch is forgotten even if the server granted longer.
    ``queue_limit``: chunks of feedback kept while the server is away; the oldest is dropped first and counted.
    """

    def __init__(self, url, key, deployment, replica, *, layers, experts, top_k, bias_space="logit", poll_seconds=30.0, timeout=10.0,
                 lifetime_limit=300.0, queue_limit=64, clock=time.monotonic, wall_clock=time.time, seed=None):
        if bias_space not in BIAS_SPACES:
            raise ValueError(f"bias_space is '{bias_space}': say one of {', '.join(BIAS_SPACES)}")
        if not 1 <= top_k <= experts:
            raise ValueError(f"top_k is {top_k}: a token takes 1 to {experts} of {experts} experts")
        if layers < 1:
            raise ValueError(f"layers is {layers}: a deployment has at least one MoE layer")
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"url is '{url}': it starts with http:// or https://")
        self.layers, self.experts, self.top_k, self.bias_space, self.replica = layers, experts, top_k, bias_space, replica
        self._base = f"{url.rstrip('/')}/v1/deployments/{urllib.parse.quote(deployment, safe='')}"
        self._key, self._poll, self._timeout, self._lifetime = key, poll_seconds, timeout, lifetime_limit
        self._clock, self._wall = clock, wall_clock
        self._jitter = random.Random(seed)
        self._epoch = UNSTEERED                      # replaced as a whole; reading a reference is atomic
        self._outbox = collections.deque()
        self._queue_limit = queue_limit
        self._has_mail, self._stopping = threading.Event(), threading.Event()
        # A restarted engine must never re-use a chunk number, or its feedback would be taken for a repetition.
        self._next_chunk = int(wall_clock() * 1000)
        self._threads = []
        self.last_error = None
        self.counters = collections.Counter()        # epochs, expired, posted, dropped, refused, retried, receipts

    # -- the engine's side: none of these waits

    def current(self):
        """The epoch in force, or UNSTEERED. Costs a reference read and a look at the clock."""
        epoch = self._epoch
        if self._clock() >= epoch.deadline:
            if self._epoch is epoch:
                self.counters["expired"] += 1
                self._epoch = UNSTEERED
            return UNSTEERED
        return epoch

    def report(self, *, tokens, batch_tokens, layers, epoch, phase="decode", **optional):
        """Queues the feedback of a chunk and returns its number. ``layers`` is a list of dicts as in the HTTP description;
        ``epoch`` is the Epoch that was in force; optional: latency_ms, energy_joules, loss, queue, signature."""
        chunk, self._next_chunk = self._next_chunk, self._next_chunk + 1
        body = {"replica": self.replica, "chunk": chunk, "epoch": epoch.number, "arm": epoch.arm, "tokens": int(tokens), "phase": phase,
                "batch_tokens": float(batch_tokens), "bias_space": self.bias_space, "layers": layers}
        body.update({name: value for name, value in optional.items() if value is not None})
        self._enqueue("feedback", body)
        return chunk

    def applied(self, epoch, ranks=1):
        """Queues the receipt that ``ranks`` ranks of the replica have switched to an epoch."""
        if epoch.number:
            self._enqueue("applied", {"replica": self.replica, "epoch": epoch.number, "ranks_applied": ranks, "bias_sha256": bias_sha256(epoch)})

    # -- the scheduler's side: these wait, at most for their time-out

    def place(self, signature=None, tokens=0, timeout=0.25):
        """The replica that the next request should join, or None when the server does not answer in time: balance by yourself then."""
        try:
            answer = self._call("POST", "/place", {"signature": signature, "tokens": tokens}, timeout)
            return answer.get("replica") if answer else None
        except (EnergyTTTError, OSError, ValueError) as error:
            self.last_error = error
            return None

    def register(self, model, replicas, *, gate="softmax", selector="full", cost_table=None, tags=None):
        """Describes the deployment to the server. ``replicas``: [{"id":, "gpus": [...], "placement": [...] or absent}]. ``selector``: "full" for an engine that
        calls :func:`select_experts`, "bias_only" for one that can only add a bias to its own gate: the bias then carries everything."""
        self._call("PUT", "", {"model": model, "layers": self.layers, "experts": self.experts, "top_k": self.top_k, "gate": gate,
                               "bias_space": self.bias_space, "selector": selector, "replicas": replicas, "cost_table": cost_table, "tags": tags}, self._timeout)

    # -- life

    def start(self):
        """Starts the two threads; they end with :meth:`close` or with the process."""
        if not self._threads:
            self._threads = [threading.Thread(target=run, name=f"energyttt-{name}", daemon=True)
                             for name, run in (("listen", self._listen), ("post", self._post))]
            for thread in self._threads:
                thread.start()
        return self

    def close(self, timeout=2.0):
        """Stops steering at once and gives the last feedback ``timeout`` seconds to leave."""
        deadline = time.monotonic() + timeout
        while self._outbox and self._threads and time.monotonic() < deadline:
            time.sleep(0.01)
        self._stopping.set()
        self._has_mail.set()
        self._epoch = UNSTEERED
        for thread in self._threads:
            if thread.name.endswith("post"):
                thread.join(max(0.0, deadline - time.monotonic()))
        self._threads = []

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    # -- behind

    def _enqueue(self, kind, body):
        while len(self._outbox) >= self._queue_limit:
            self._outbox.popleft()
            self.counters["dropped"] += 1
        self._outbox.append((kind, body))
        self._has_mail.set()

    def _listen(self):
        failures = 0
        while not self._stopping.is_set():
            try:
                known = self._epoch.number
                answer = self._call("GET", f"/bias?after={known}&wait={self._poll:g}s", None, self._poll + self._timeout)
                failures = 0
                if answer:
                    self._take(answer)
                # A server that answers at once with nothing new, or with an epoch that has already ended, must not be hammered.
                if self._epoch.number == known or self.current() is UNSTEERED:
                    self._stopping.wait(0.25)
            except Exception as error:             # whatever it is, the engine must not notice
                failures += 1
                self._complain("listening for epochs", error)
                self._stopping.wait(self._pause(failures, error))

    def _post(self):
        failures = 0
        while not self._stopping.is_set():
            try:
                kind, body = self._outbox[0]
            except IndexError:
                self._has_mail.clear()
                if not self._outbox:
                    self._has_mail.wait(1.0)
                continue
            try:
                answer = self._call("POST", "/" + kind, body, self._timeout)
                failures = 0
                self.counters["posted" if kind == "feedback" else "receipts"] += 1
                self._discard(body)
                if answer and kind == "feedback" and "epoch" in answer:
                    self._take(answer)
            except Exception as error:
                self._complain(f"posting {kind}", error)
                if isinstance(error, Refused) and error.status not in (401, 403, 408, 425, 429) and error.status < 500:
                    self.counters["refused"] += 1    # saying it again would not help
                    self._discard(body)
                else:
                    failures += 1
                    self.counters["retried"] += 1
                    self._stopping.wait(self._pause(failures, error))

    def _discard(self, body):
        try:
            if self._outbox[0][1] is body:          # the queue may have dropped it meanwhile
                self._outbox.popleft()
        except IndexError:
            pass

    def _pause(self, failures, error):
        wanted = getattr(error, "retry_after", None)
        return wanted if wanted is not None else min(30.0, 0.25 * 2 ** min(failures, 8)) * (0.5 + self._jitter.random() / 2)

    def _take(self, answer):
        if answer.get("epoch") == 0:
            self._epoch = UNSTEERED                 # policy, a guard or a person has taken the bias back
            return
        try:
            epoch = parse_epoch(answer, layers=self.layers, experts=self.experts, bias_space=self.bias_space, lifetime_limit=self._lifetime,
                                monotonic_now=self._clock(), server_now=answer["_server_now"])
        except ShapeMismatch:
            self._epoch = UNSTEERED                 # an instruction for another engine: better none
            self.counters["mismatched"] += 1
            raise
        current = self._epoch
        # Answers may overtake each other. A lower number is older news unless the one in hand has expired.
        if epoch.number < current.number and self._clock() < current.deadline:
            return
        if epoch.number == current.number and epoch.arm == current.arm:
            epoch = dataclasses.replace(current, deadline=max(current.deadline, epoch.deadline)) if current.layers else epoch
        else:
            self.counters["epochs"] += 1
        self._epoch = epoch

    def _call(self, method, path, body, timeout):
        data = None if body is None else json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
        request = urllib.request.Request(self._base + path, data=data, method=method)
        request.add_header("Authorization", "Bearer " + self._key)
        request.add_header("Accept", "application/json")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                payload = response.read()
                if response.status == 204 or not payload:
                    return None
                answer = json.loads(payload)
                if isinstance(answer, dict):
                    answer["_server_now"] = self._server_now(response.headers)
                return answer
        except urllib.error.HTTPError as error:
            raise self._refusal(error) from None

    def _server_now(self, headers):
        """The server's clock, so that a wrong clock here neither stretches nor cuts an epoch. The header counts whole seconds:
        the second that may be missing is added, so that the engine errs on the early side."""
        stamp = headers.get("Date")
        return self._wall() if stamp is None else email.utils.parsedate_to_datetime(stamp).timestamp() + 1.0

    @staticmethod
    def _refusal(error):
        try:
            problem = json.loads(error.read() or b"{}")
        except ValueError:
            problem = {}
        refused = Refused(error.code, problem.get("code", "unknown"), problem.get("detail") or problem.get("title") or error.reason)
        try:
            refused.retry_after = min(60.0, float(error.headers.get("Retry-After")))
        except (TypeError, ValueError):
            refused.retry_after = None
        return refused

    def _complain(self, doing, error):
        known = str(error) == str(self.last_error)
        self.last_error = error
        _log.log(logging.DEBUG if known else logging.WARNING, "%s failed: %s (the engine goes on)", doing, error)


# ------------------------------------------------------------------------------------------- selection, on tensors

_MARGIN = 1e-6          # relative distance that a mass keeps from its bound, so that rounding never breaks the guard


def select_experts(logits, top_k, bias, guard_bound, step="none", guaranteed_experts=None, price=None, bias_space="logit"):
    """Chooses top_k experts for every row of ``logits`` [tokens, experts] (float32).

    ``bias`` [experts] counts for the choice only. ``guard_bound`` is a number or a tensor without dimensions: no token keeps less
    than this share of the mass of its own top-k. Returns ``(indices [tokens, k], probabilities [tokens, experts], rho [tokens],
    trips)``; weights are for the caller to take from the unbiased probabilities. On a GPU with Triton nothing is read back to the
    host, so that it can be captured in a CUDA graph.

    ``opportunistic``: every token brings its best ``guaranteed_experts`` and takes the rest from what somebody brought.
    ``consolidate``: experts leave in the order of least demand (per unit of ``price``) if every token that used them, taking its
    next best instead, keeps its bound.
    """
    import torch

    probabilities = torch.softmax(logits, dim=-1)
    keys = (logits if bias_space == "logit" else probabilities) + bias
    plain = probabilities.topk(top_k, dim=-1)
    plain_mass = plain.values.sum(-1)
    # The product of a float32 mass and the bound may round either way; the margin keeps it on the safe side.
    needed = torch.minimum(plain_mass, plain_mass * guard_bound * (1 + _MARGIN))
    chosen = keys.topk(top_k, dim=-1).indices
    mass = probabilities.gather(-1, chosen).sum(-1)
    tripped = mass < needed
    chosen = torch.where(tripped.unsqueeze(-1), plain.indices, chosen)
    trips = tripped.sum()
    if step == "none":
        mass = probabilities.gather(-1, chosen).sum(-1)
        return chosen, probabilities, torch.where(plain_mass > 0, mass / plain_mass, torch.ones_like(mass)), trips

    if step == "opportunistic":
        allowed = _opportunistic(keys, chosen, probabilities, needed, max(1, min(guaranteed_experts, top_k)), top_k)
    elif step in ("consolidate", "marginal"):   # greedy carries out either: the bound of every token is the same
        # A token whose biased choice was refused takes its own gate's order from here on.
        keys = torch.where(tripped.unsqueeze(-1), logits if bias_space == "logit" else probabilities, keys)
        # Sums in another order differ in the last digits: the search keeps four margins, so that the last check does not undo it.
        allowed = _consolidate(keys, chosen, probabilities, plain_mass, torch.minimum(plain_mass, needed * (1 + 4 * _MARGIN)), price)
    else:
        raise ValueError(f"step is '{step}': say one of {', '.join(BATCH_STEPS)}")
    lowest = torch.finfo(keys.dtype).min
    chosen = keys.masked_fill(~allowed, lowest).topk(top_k, dim=-1).indices
    mass = (probabilities * allowed).gather(-1, chosen).sum(-1)
    # The bias may rank a token's present experts worse than their mass; by mass the token holds, or it takes its own top-k.
    by_mass = (probabilities * allowed).topk(top_k, dim=-1)
    chosen = torch.where((mass < needed).unsqueeze(-1), by_mass.indices, chosen)
    chosen = torch.where((torch.maximum(mass, by_mass.values.sum(-1)) < needed).unsqueeze(-1), plain.indices, chosen)
    mass = probabilities.gather(-1, chosen).sum(-1)
    return chosen, probabilities, torch.where(plain_mass > 0, mass / plain_mass, torch.ones_like(mass)), trips


def _opportunistic(keys, chosen, probabilities, needed, own, top_k):
    import torch

    first = keys.gather(-1, chosen).topk(own, dim=-1).indices
    present = torch.zeros(keys.shape[-1], dtype=torch.bool, device=keys.device)
    present = present.index_fill(0, chosen.gather(-1, first).reshape(-1), True)
    # A token that would break its bound brings its whole choice.
    mass = (probabilities * present).topk(top_k, dim=-1).values.sum(-1)
    short = (mass < needed).unsqueeze(-1).expand_as(chosen)
    brought = torch.zeros_like(present, dtype=torch.int32).scatter_add(0, chosen.reshape(-1), short.reshape(-1).to(torch.int32))
    return present | (brought > 0)


def _consolidate(keys, chosen, probabilities, plain_mass, needed, price):
    """The experts that stay, as a mask [experts]. One kernel on a GPU (Triton comes with PyTorch there), a plain loop elsewhere."""
    import torch

    used = torch.zeros_like(probabilities).scatter(-1, chosen, 1.0)
    demand = (used * probabilities / plain_mass.clamp_min(1e-30).unsqueeze(-1)).sum(0)
    if price is not None:
        demand = demand / price
    present = used.sum(0) > 0
    # Experts that nobody uses come last in the order and are not there to begin with.
    order = torch.where(present, demand, torch.full_like(demand, math.inf)).sort(stable=True).indices
    if keys.is_cuda:
        kernel = _kernel()
        if kernel is not None and keys.shape[0] * keys.shape[1] <= 1 << 15:
            return kernel(keys, used, probabilities, needed, order, present)
        if torch.cuda.is_current_stream_capturing():
            raise EnergyTTTError(f"consolidating {keys.shape[0]} tokens x {keys.shape[1]} experts inside a CUDA graph needs Triton and at most 32,768 of these cells")
    return _consolidate_loop(keys, used.bool(), probabilities, needed, order, present)


def _consolidate_loop(keys, used, probabilities, needed, order, present):
    import torch

    used, present = used.clone(), present.clone()
    free = keys.masked_fill(used | ~present, -math.inf)          # what a token could take next
    rows = torch.arange(keys.shape[0], device=keys.device)
    for expert in order[: int(present.sum())].tolist():
        users = used[:, expert]
        without = free.clone()
        without[:, expert] = -math.inf
        best, following = without.max(-1)
        moved = users & (best > -math.inf)
        tried = used.clone()
        tried[rows[moved], following[moved]] = True
        tried[:, expert] = False
        if bool((users & ((probabilities * tried).sum(-1) < needed)).any()):
            continue
        used = tried
        present[expert] = False
        free = keys.masked_fill(used | ~present, -math.inf)
    return present


_compiled = []
_WARPS = 8              # of the kernel: the best of 2, 4, 8 and 16 on an H100


def _kernel():
    """The loop above as one Triton kernel of one block, compiled on first use; None where there is no Triton."""
    if _compiled:
        return _compiled[0]
    try:
        import triton
        import triton.language
    except ImportError:
        _log.warning("Triton is missing: the batch-aware step runs as a loop of small kernels and costs more than it saves")
        _compiled.append(None)
        return None
    import torch

    globals()["tl"] = triton.language          # the compiler looks names up among the globals

    @triton.jit
    def consolidate(keys_at, used_at, mass_at, needed_at, order_at, present_at, tokens, experts, candidates_at, rows: tl.constexpr, columns: tl.constexpr):
        row, column = tl.arange(0, rows), tl.arange(0, columns)
        inside = (row[:, None] < tokens) & (column[None, :] < experts)
        cell = row[:, None] * experts + column[None, :]
        keys = tl.load(keys_at + cell, mask=inside, other=float("-inf"))
        share = tl.load(mass_at + cell, mask=inside, other=0.0)
        used = tl.load(used_at + cell, mask=inside, other=0.0)
        needed = tl.load(needed_at + row, mask=row < tokens, other=0.0)
        present = tl.load(present_at + column, mask=column < experts, other=0)
        candidates = tl.load(candidates_at)
        mass = tl.sum(share * used, axis=1)
        # What each token would take next. An expert that a token uses is not among them, so that this changes only when one leaves.
        free = tl.where((used > 0) | (present[None, :] == 0), float("-inf"), keys)
        best = tl.max(free, axis=1)
        following = tl.argmax(free, axis=1)
        gain = tl.sum(tl.where((column[None, :] == following[:, None]) & (best > float("-inf"))[:, None], share, 0.0), axis=1)
        for place in range(0, candidates):
            expert = tl.load(order_at + place).to(tl.int32)
            here = column[None, :] == expert
            uses = tl.sum(tl.where(here, used, 0.0), axis=1) > 0
            tried = mass - tl.load(mass_at + row * experts + expert, mask=row < tokens, other=0.0) + gain
            broken = tl.sum(tl.where(uses & (tried < needed), 1, 0), axis=0)
            if broken == 0:
                moved = (uses & (best > float("-inf")))[:, None] & (column[None, :] == following[:, None])
                used = tl.where(here, 0.0, tl.where(moved, 1.0, used))
                present = tl.where(column == expert, 0, present)
                mass = tl.where(uses, tried, mass)
                free = tl.where((used > 0) | (present[None, :] == 0), float("-inf"), keys)
                best = tl.max(free, axis=1)
                following = tl.argmax(free, axis=1)
                gain = tl.sum(tl.where((column[None, :] == following[:, None]) & (best > float("-inf"))[:, None], share, 0.0), axis=1)
        tl.store(present_at + column, present, mask=column < experts)

    def run(keys, used, probabilities, needed, order, present):
        tokens, experts = keys.shape
        stays = present.to(torch.int32)
        consolidate[(1,)](keys.contiguous(), used.contiguous(), probabilities.contiguous(), needed.contiguous(), order, stays, tokens, experts,
                          stays.sum(dtype=torch.int32), rows=max(2, triton.next_power_of_2(tokens)), columns=max(16, triton.next_power_of_2(experts)), num_warps=_WARPS)
        return stays > 0

    _compiled.append(run)
    return run


# ---------------------------------------------------------------------------------------------- transformers' gates

def attach(model, client, **options):
    """Steers every MoE gate of a transformers model. See :class:`GateHook` for the options."""
    return GateHook(model, client, **options)


class GateHook:
    """Holds the gates of one model in hand: applies epochs between forward passes and reports chunks.

    * The mixing weights come from the unbiased probabilities of the chosen set, by the model's own formula. A token whose
      set does not change gets the model's own tensors back, bit for bit.
    * Biases and bounds live in tensors that are written in place, between steps and never inside one, so that a captured CUDA graph
      sees them. Call :meth:`step` before each replay. Python code does not run inside a replay: with ``cuda_graphs=True`` the
      batch-aware step is fixed to ``graph_step`` and everything else is data (an unsteered step then has a bound above 1, which
      nothing can meet but plain top-k).
    * Padding tokens of a batched prompt are tokens like any other here: they count and they are guarded.

    ``chunk_tokens`` / ``chunk_seconds``: a chunk is reported when either is reached, and whenever epoch, arm or phase change.
    """

    def __init__(self, model, client, *, chunk_tokens=2048, chunk_seconds=1.0, sample_rows=16, cuda_graphs=False, graph_step="consolidate", ranks=1,
                 clock=time.monotonic, seed=0):
        import torch

        if not 0 <= sample_rows <= 16:
            raise ValueError(f"sample_rows is {sample_rows}: a chunk carries 0 to 16 rows of logits")
        self._torch, self.model, self.client, self._clock = torch, model, client, clock
        self._chunk_tokens, self._chunk_seconds, self._ranks = chunk_tokens, chunk_seconds, ranks
        self._graphs, self._graph_step = cuda_graphs, graph_step
        self._observed = {}
        gates = list(_find_gates(model))
        if not gates:
            raise EnergyTTTError("no MoE gate was found: this hook knows transformers' Mixtral, Qwen2-MoE, Qwen3-MoE and OLMoE (routers that answer logits, "
                                 "weights and indices, or blocks with a linear gate and a list of experts)")
        self.gates = []
        shape = {(gate.experts, gate.top_k) for gate in gates}
        if len(gates) != client.layers or shape != {(client.experts, client.top_k)}:
            raise ShapeMismatch(f"the model has {len(gates)} MoE layers of (experts, top_k) {sorted(shape)}, the client was told "
                                f"{client.layers} of ({client.experts}, {client.top_k})")
        if client.bias_space not in ("logit", "softmax_score"):
            raise ShapeMismatch(f"a softmax gate takes a bias in logit or softmax_score, not in '{client.bias_space}'")
        try:
            for layer, gate in enumerate(gates):
                gate.begin(self, layer, sample_rows, random.Random(seed * 1009 + layer))
                self.gates.append(gate)
        except Exception:
            self.detach()
            raise
        self._handles = [model.register_forward_pre_hook(self._before, with_kwargs=True)]
        self._epoch, self._phase, self._tokens, self._steps, self._since = UNSTEERED, "decode", 0, 0, clock()
        self._pending = collections.deque()
        self._apply(UNSTEERED)

    def detach(self):
        """Gives every gate its own forward back and reports what is left."""
        if getattr(self, "_handles", None):
            self._flush()
            self._deliver(wait=True)
        for handle in getattr(self, "_handles", ()):
            handle.remove()
        self._handles = []
        for gate in self.gates:
            gate.end()
        self.gates = []

    def observe(self, *, latency_ms=None, energy_joules=None, loss=None, queue=None, signature=None):
        """What only the engine knows about the running chunk; joins its feedback."""
        for name, value in (("latency_ms", latency_ms), ("energy_joules", energy_joules), ("loss", loss), ("queue", queue), ("signature", signature)):
            if value is not None:
                self._observed[name] = value

    def step(self, tokens=0, phase="decode"):
        """Between two steps: switches epochs and closes chunks. Called by itself before each forward pass; engines that replay CUDA
        graphs call it before each replay with the tokens that the replay will decode."""
        self._deliver()
        epoch = self.client.current()
        changed = (epoch.number, epoch.arm) != (self._epoch.number, self._epoch.arm)
        if changed or phase != self._phase or self._tokens >= self._chunk_tokens or (self._tokens and self._clock() - self._since >= self._chunk_seconds):
            self._flush()
        if changed:
            self._apply(epoch)
        else:
            self._epoch = epoch
        self._phase = phase
        self._tokens += tokens
        self._steps += 1 if tokens else 0

    # -- behind

    def _before(self, _module, args, kwargs):
        first = kwargs.get("input_ids")
        if first is None:
            first = kwargs.get("inputs_embeds")
        if first is None:
            first = args[0] if args else None
        shape = tuple(first.shape) if first is not None else (1, 1)
        length = shape[1] if len(shape) > 1 else 1
        self.step(shape[0] * length, "decode" if length == 1 else "prefill")

    def _apply(self, epoch):
        steers = epoch.steers
        for gate in self.gates:
            gate.apply(epoch.layers[gate.layer] if steers else None)
        self._epoch = epoch
        if epoch.number:
            self.client.applied(epoch, self._ranks)

    def _flush(self):
        torch = self._torch
        if self._tokens:
            device = self.gates[0].counts.device
            # One copy per chunk, behind: it is read when it has arrived, at a later step.
            flat = [gate.statistics() for gate in self.gates]
            packed = torch.stack([numbers for numbers, _ in flat])
            samples = [rows for _, rows in flat]
            packed = packed.to("cpu", non_blocking=True)
            samples = [rows.to("cpu", non_blocking=True) for rows in samples]
            arrived = None
            if device.type == "cuda":
                arrived = torch.cuda.Event()
                arrived.record()
            self._pending.append((arrived, packed, samples, self._epoch, self._phase, self._tokens, self._steps, self._observed))
            self._observed = {}
        for gate in self.gates:
            gate.clear()
        self._tokens, self._steps, self._since = 0, 0, self._clock()

    def _deliver(self, wait=False):
        while self._pending:
            arrived, packed, samples, epoch, phase, tokens, steps, observed = self._pending[0]
            if arrived is not None and not wait and not arrived.query():
                return
            if arrived is not None:
                arrived.synchronize()
            self._pending.popleft()
            layers = [gate.describe(numbers, rows) for gate, numbers, rows in zip(self.gates, packed.tolist(), samples)]
            self.client.report(tokens=tokens, batch_tokens=tokens / max(1, steps), layers=layers, epoch=epoch, phase=phase, **observed)


_MARGIN_BINS, _MASS_BINS = 16, 512


class _Gate:
    """One gate: what both generations of transformers share."""

    def begin(self, hook, layer, sample_rows, rng):
        import torch

        self._torch, self._hook, self.layer, self._rng = torch, hook, layer, rng
        device = self.weight.device
        self.bias = torch.zeros(self.experts, dtype=torch.float32, device=device)
        self.bound = torch.full((), 2.0, dtype=torch.float32, device=device)
        self.price = torch.ones(self.experts, dtype=torch.float32, device=device)
        self.own, self.mode = self.top_k, "off"
        self.counts = torch.zeros(self.experts, dtype=torch.float64, device=device)
        self.demand = torch.zeros(self.experts, dtype=torch.float64, device=device)
        self.margins = torch.zeros(_MARGIN_BINS, dtype=torch.float64, device=device)
        self.masses = torch.zeros(_MASS_BINS, dtype=torch.float64, device=device)
        # tokens, sum of rho, sum of KL, sum of distinct experts, steps, guard trips
        self.sums = torch.zeros(6, dtype=torch.float64, device=device)
        self.rows = torch.zeros(sample_rows, self.experts, dtype=torch.float16, device=device)
        self._seen = 0
        self._install()

    def end(self):
        self._restore()

    def apply(self, steering):
        """In place, so that a captured graph sees it."""
        torch = self._torch
        if steering is None:
            self.bias.zero_()
            self.bound.fill_(2.0)       # no share can exceed 1: plain top-k
            self.price.fill_(1.0)
            self.own, self.mode = self.top_k, "off"
            return
        self.bias.copy_(torch.tensor(steering.bias, dtype=torch.float32))
        self.bound.fill_(steering.guard_bound)
        self.price.copy_(torch.tensor(list(steering.prices) if steering.prices else [1.0] * self.experts, dtype=torch.float32))
        self.own = steering.guaranteed_experts or self.top_k
        self.mode = "consolidate" if steering.batch_aware == "marginal" else steering.batch_aware

    def choose(self, logits, own_indices, own_weights):
        """The indices and weights that the experts are to use: the model's own where the set is its own."""
        torch = self._torch
        z = torch.nan_to_num(logits.detach().float(), nan=-3e38, neginf=-3e38, posinf=3e38)
        hook = self._hook
        mode = hook._graph_step if hook._graphs else self.mode
        if mode == "off":
            probabilities = torch.softmax(z, dim=-1)
            self._count(z, probabilities, own_indices, None, None)
            return own_indices, own_weights
        indices, probabilities, rho, trips = select_experts(
            z, self.top_k, self.bias, self.bound, mode, self.own, self.price, hook.client.bias_space)
        same = (indices.sort(-1).values == own_indices.sort(-1).values).all(-1, keepdim=True)
        # Falling unbiased probability, as the model orders its own.
        picked = probabilities.gather(-1, indices)
        order = picked.sort(dim=-1, descending=True, stable=True).indices
        indices, picked = indices.gather(-1, order), picked.gather(-1, order)
        if self.renormalise:
            picked = picked / picked.sum(-1, keepdim=True)
        indices = torch.where(same, own_indices, indices.to(own_indices.dtype))
        weights = torch.where(same, own_weights, picked.to(own_weights.dtype))
        self._count(z, probabilities, indices, rho, trips)
        return indices, weights

    def _count(self, z, probabilities, indices, rho, trips):
        torch = self._torch
        tokens = z.shape[0]
        if tokens == 0:
            return
        flat = indices.reshape(-1)
        step = torch.zeros_like(self.counts).index_add_(0, flat, torch.ones_like(flat, dtype=torch.float64))
        self.counts += step
        self.demand += probabilities.sum(0, dtype=torch.float64)
        ones = torch.ones(tokens, dtype=torch.float64, device=z.device)
        # Bin i holds gaps of 2^(i-16) to 2^(i-15), bin 0 all below; with k = E the gap is the least probability.
        best = probabilities.topk(min(self.top_k + 1, self.experts), dim=-1).values
        margin = best[:, self.top_k - 1] - (best[:, self.top_k] if self.experts > self.top_k else 0.0)
        self.margins.index_add_(0, (margin.clamp_min(2.0 ** -40).log2().floor() + _MARGIN_BINS).clamp(0, _MARGIN_BINS - 1).long(), ones)
        if rho is None:
            self.masses[_MASS_BINS - 1] += tokens
            mass, divergence, tripped = float(tokens), 0.0, 0.0
        else:
            self.masses.index_add_(0, (rho * _MASS_BINS).long().clamp(0, _MASS_BINS - 1), ones)
            mass, tripped = rho.sum(dtype=torch.float64), trips
            if self._hook.client.bias_space == "logit":
                log_p = torch.log_softmax(z, dim=-1)
                log_q = torch.log_softmax(z + self.bias, dim=-1)
                divergence = (log_q.exp() * (log_q - log_p)).sum(dtype=torch.float64)
            else:
                divergence = 0.0
        for place, value in enumerate((tokens, mass, divergence, (step > 0).sum(), 1, tripped)):
            self.sums[place] += value
        self._sample(z)

    def _sample(self, z):
        kept = self.rows.shape[0]
        if not kept:
            return
        rows = z.shape[0]
        if self._hook._graphs:
            self.rows[: min(kept, rows)].copy_(z[:kept])
            self._seen = min(kept, rows)
            return
        # A reservoir: every row of the chunk has the same chance. The draws are the host's, nothing is read back.
        taken = {}
        for row in range(min(rows, 4096)):
            self._seen += 1
            slot = self._seen - 1 if self._seen <= kept else self._rng.randrange(self._seen)
            if slot < kept:
                taken[slot] = row
        if taken:
            torch = self._torch
            slots = torch.tensor(list(taken), device=z.device)
            self.rows[slots] = z[torch.tensor(list(taken.values()), device=z.device)].clamp(-65504, 65504).to(torch.float16)

    def statistics(self):
        numbers = self._torch.cat((self.sums, self.counts, self.demand, self.margins, self.masses))
        return numbers, self.rows[: min(self._seen, self.rows.shape[0])].clone()

    def clear(self):
        for each in (self.counts, self.demand, self.margins, self.masses, self.sums):
            each.zero_()
        self._seen = 0

    def describe(self, numbers, rows):
        tokens, mass, divergence, distinct, steps, trips = numbers[:6]
        e = self.experts
        counts, demand = numbers[6:6 + e], numbers[6 + e:6 + 2 * e]
        margins, masses = numbers[6 + 2 * e:6 + 2 * e + _MARGIN_BINS], numbers[6 + 2 * e + _MARGIN_BINS:]
        tokens = max(tokens, 1.0)
        entry = {"layer": self.layer, "expert_counts": [int(n) for n in counts], "mean_gate_probability": [d / tokens for d in demand],
                 "margin_histogram": [int(n) for n in margins], "retained_mass_mean": min(1.0, mass / tokens),
                 "retained_mass_p01": min(_percentile(masses, 0.01), mass / tokens), "kl_mean": max(0.0, divergence / tokens),
                 "distinct_experts_mean": distinct / max(1.0, steps), "guard_trips": int(trips)}
        if len(rows):
            entry["gate_sample"] = base64.b64encode(struct.pack(f"<{rows.numel()}e", *rows.reshape(-1).tolist())).decode()
        return entry


def _percentile(histogram, share):
    """The lower edge of the bin in which the share lies: never more than the true value; 1 when nothing lies below the last bin."""
    wanted, below = share * sum(histogram), 0.0
    for place, count in enumerate(histogram):
        below += count
        if below >= wanted and count:
            return 1.0 if place == len(histogram) - 1 else max(place / len(histogram), 1e-3)
    return 1.0


class _RouterGate(_Gate):
    """transformers 5: a router module that answers (logits or probabilities, weights, indices)."""

    def __init__(self, router):
        self.router, self.weight = router, router.weight
        self.experts, self.top_k = router.weight.shape[0], router.top_k
        self.renormalise = getattr(router, "norm_topk_prob", True)

    def _install(self):
        torch, router = self._torch, self.router
        self._had_forward = "forward" in router.__dict__
        self._forward = router.forward
        with torch.no_grad():
            first, weights, indices = self._probe()
            hidden = self._probe_states
            logits = torch.nn.functional.linear(hidden, router.weight)
            if first.shape == logits.shape and torch.equal(first, logits):
                self._as_logits = None
            elif first.shape == logits.shape and torch.allclose(first.float(), torch.softmax(logits.float(), -1), atol=1e-3):
                self._as_logits = torch.log       # some releases answer probabilities there; a constant per row changes no choice
            else:
                raise EnergyTTTError(f"{type(router).__name__} answers something else than its logits or their softmax: this hook would guess")
            wanted = torch.softmax(logits.float(), -1).gather(-1, indices)
            wanted = wanted / wanted.sum(-1, keepdim=True) if self.renormalise else wanted
            if weights.shape != indices.shape or not torch.allclose(weights.float(), wanted, atol=1e-2):
                raise EnergyTTTError(f"{type(router).__name__} makes its weights by another formula than softmax over all experts: this hook would change them")
        router.forward = types.MethodType(lambda _router, hidden_states: self._steered(hidden_states), router)

    def _probe(self):
        torch = self._torch
        generator = torch.Generator().manual_seed(0)
        self._probe_states = torch.randn(4, self.weight.shape[1], generator=generator).to(self.weight.device, self.weight.dtype)
        answer = self._forward(self._probe_states)
        if not (isinstance(answer, tuple) and len(answer) == 3):
            raise EnergyTTTError(f"{type(self.router).__name__} does not answer (logits, weights, indices)")
        return answer

    def _steered(self, hidden_states):
        first, weights, indices = self._forward(hidden_states)
        logits = first if self._as_logits is None else self._as_logits(first.float())
        indices, weights = self.choose(logits, indices, weights)
        return first, weights, indices

    def _restore(self):
        if self._had_forward:
            self.router.forward = self._forward
        else:
            self.router.__dict__.pop("forward", None)


class _BlockGate(_Gate):
    """transformers 4: a linear gate inside a block that does the rest itself. The block's forward is replaced while steering is on."""

    def __init__(self, block):
        self.block, self.weight = block, block.gate.weight
        self.experts, self.top_k = block.gate.weight.shape[0], block.top_k
        self.renormalise = getattr(block, "norm_topk_prob", True)

    def _install(self):
        block = self.block
        self._had_forward = "forward" in block.__dict__
        self._forward = block.forward
        block.forward = types.MethodType(lambda _block, hidden_states: self._steered(hidden_states), block)

    def _steered(self, hidden_states):
        torch, block = self._torch, self.block
        if self.mode == "off" and not self._hook._graphs:
            answer = self._forward(hidden_states)
            logits = answer[1]
            probabilities = torch.softmax(logits.float(), -1)
            self._count(logits.detach().float(), probabilities, probabilities.topk(self.top_k, -1).indices, None, None)
            return answer
        states = hidden_states.reshape(-1, hidden_states.shape[-1])
        logits = block.gate(states)
        own_weights, own_indices = torch.softmax(logits, dim=1, dtype=torch.float).topk(self.top_k, dim=-1)
        if self.renormalise:
            own_weights = own_weights / own_weights.sum(dim=-1, keepdim=True)
        indices, weights = self.choose(logits, own_indices, own_weights.to(states.dtype))
        mixed = torch.zeros_like(states)
        for expert in indices.unique().tolist():
            token, slot = torch.where(indices == expert)
            mixed.index_add_(0, token, block.experts[expert](states[token]) * weights[token, slot, None])
        if getattr(block, "shared_expert", None) is not None:
            mixed = mixed + torch.sigmoid(block.shared_expert_gate(states)) * block.shared_expert(states)
        return mixed.reshape(hidden_states.shape), logits

    def _restore(self):
        if self._had_forward:
            self.block.forward = self._forward
        else:
            self.block.__dict__.pop("forward", None)


def _find_gates(model):
    import torch

    inside = set()
    for module in model.modules():
        gate, experts = getattr(module, "gate", None), getattr(module, "experts", None)
        if gate is None or experts is None or id(gate) in inside or not isinstance(gate, torch.nn.Module):
            continue
        weight = getattr(gate, "weight", None)
        if weight is None or weight.dim() != 2:
            continue
        if getattr(gate, "e_score_correction_bias", None) is not None:
            continue                                # has a place for a bias of its own: see the recipes in README.md
        inside.add(id(gate))
        if isinstance(gate, torch.nn.Linear) and isinstance(experts, torch.nn.ModuleList) and hasattr(module, "top_k"):
            yield _BlockGate(module)
        elif hasattr(gate, "top_k") and not isinstance(gate, torch.nn.Linear):
            yield _RouterGate(gate)
