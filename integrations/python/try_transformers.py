"""Tries the hook on small, randomly initialised models: python3 try_transformers.py [--device cuda] [--stand-ins] [--out FILE]

Needs torch; transformers too, unless --stand-ins asks for modules of ours in the shapes of transformers 4 and 5 only. Nothing is
downloaded. Prints one line per check, writes them as JSON where asked, and ends with 1 when a check failed.
"""

import argparse
import base64
import json
import math
import struct
import sys
import time
import traceback

import torch
from torch import nn
from torch.nn import functional as F

import energyttt
from energyttt import Epoch, LayerSteering, UNSTEERED, attach, select_experts


class Script:
    """In the place of a client: says what a check wants and keeps what was reported."""

    def __init__(self, layers, experts, top_k):
        self.layers, self.experts, self.top_k, self.bias_space = layers, experts, top_k, "logit"
        self.epoch, self.reports, self.receipts, self.number = UNSTEERED, [], [], 0

    def steer(self, bias=None, guard=0.95, step="none", own=None, arm="treated"):
        self.number += 1
        vectors = bias if bias is not None else [[0.0] * self.experts] * self.layers
        self.epoch = Epoch(self.number, arm, 1, "logit", tuple(LayerSteering(l, "script", tuple(vectors[l]), None, guard, step, own) for l in range(self.layers)), math.inf)

    def rest(self):
        self.epoch = UNSTEERED

    def current(self):
        return self.epoch

    def applied(self, epoch, ranks=1):
        self.receipts.append(epoch.number)

    def report(self, **body):
        self.reports.append(body)


# ---- modules of ours in the two shapes that the hook knows

class Expert(nn.Module):
    def __init__(self, d, width):
        super().__init__()
        self.up, self.down = nn.Linear(d, width, bias=False), nn.Linear(width, d, bias=False)

    def forward(self, x):
        return self.down(F.silu(self.up(x)))


class Router5(nn.Module):
    def __init__(self, d, experts, k, normalise, answers_probabilities):
        super().__init__()
        self.top_k, self.num_experts, self.hidden_dim, self.norm_topk_prob, self.probabilities = k, experts, d, normalise, answers_probabilities
        self.weight = nn.Parameter(torch.randn(experts, d) / math.sqrt(d))

    def forward(self, hidden_states):
        z = F.linear(hidden_states.reshape(-1, self.hidden_dim), self.weight)
        p = torch.softmax(z.float(), -1)
        w, i = p.topk(self.top_k, -1)
        if self.norm_topk_prob:
            w = w / w.sum(-1, keepdim=True)
        return p if self.probabilities else z, w.to(z.dtype), i


class Block5(nn.Module):
    def __init__(self, d, experts, k, normalise, probabilities):
        super().__init__()
        self.gate = Router5(d, experts, k, normalise, probabilities)
        self.experts = nn.ModuleList(Expert(d, 32) for _ in range(experts))

    def forward(self, x):
        states = x.reshape(-1, x.shape[-1])
        _, w, i = self.gate(states)
        return mix(self.experts, states, i, w).reshape(x.shape)


class Block4(nn.Module):
    def __init__(self, d, experts, k, normalise, shared):
        super().__init__()
        self.gate, self.experts = nn.Linear(d, experts, bias=False), nn.ModuleList(Expert(d, 32) for _ in range(experts))
        self.num_experts, self.top_k, self.norm_topk_prob = experts, k, normalise
        if shared:
            self.shared_expert, self.shared_expert_gate = Expert(d, 32), nn.Linear(d, 1, bias=False)

    def forward(self, x):
        states = x.reshape(-1, x.shape[-1])
        logits = self.gate(states)
        w, i = torch.softmax(logits, dim=1, dtype=torch.float).topk(self.top_k, -1)
        if self.norm_topk_prob:
            w = w / w.sum(-1, keepdim=True)
        y = mix(self.experts, states, i, w.to(states.dtype))
        if hasattr(self, "shared_expert"):
            y = y + torch.sigmoid(self.shared_expert_gate(states)) * self.shared_expert(states)
        return y.reshape(x.shape), logits


def mix(experts, states, indices, weights):
    y = torch.zeros_like(states)
    for e in indices.unique().tolist():
        token, slot = torch.where(indices == e)
        y.index_add_(0, token, experts[e](states[token]) * weights[token, slot, None])
    return y


class StandIn(nn.Module):
    def __init__(self, blocks, vocabulary=256, d=64):
        super().__init__()
        self.embed, self.layers, self.head = nn.Embedding(vocabulary, d), nn.ModuleList(blocks), nn.Linear(d, vocabulary, bias=False)

    def forward(self, input_ids):
        x = self.embed(input_ids)
        for block in self.layers:
            y = block(F.layer_norm(x, x.shape[-1:]))
            x = x + (y[0] if isinstance(y, tuple) else y)
        return self.head(x)


def stand_ins():
    yield "shape of 5, Mixtral-like", lambda: StandIn([Block5(64, 8, 2, True, False) for _ in range(2)]), 2, 8, 2
    yield "shape of 5, Qwen-like (answers probabilities)", lambda: StandIn([Block5(64, 32, 4, True, True) for _ in range(3)]), 3, 32, 4
    yield "shape of 5, OLMoE-like (weights not renormalised)", lambda: StandIn([Block5(64, 32, 4, False, False) for _ in range(2)]), 2, 32, 4
    yield "shape of 4, Mixtral-like", lambda: StandIn([Block4(64, 8, 2, True, False) for _ in range(2)]), 2, 8, 2
    yield "shape of 4, Qwen2-MoE-like (shared expert)", lambda: StandIn([Block4(64, 32, 4, False, True) for _ in range(2)]), 2, 32, 4


def real_models():
    import transformers
    from transformers import MixtralConfig, MixtralForCausalLM, OlmoeConfig, OlmoeForCausalLM, Qwen2MoeConfig, Qwen2MoeForCausalLM, Qwen3MoeConfig, Qwen3MoeForCausalLM

    common = dict(vocab_size=512, hidden_size=128, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512)
    name = f"transformers {transformers.__version__} "
    yield name + "Mixtral", lambda: MixtralForCausalLM(MixtralConfig(**common, intermediate_size=128, num_local_experts=8, num_experts_per_tok=2)), 3, 8, 2
    yield name + "Qwen3-MoE", lambda: Qwen3MoeForCausalLM(Qwen3MoeConfig(**common, intermediate_size=256, moe_intermediate_size=64, num_experts=64, num_experts_per_tok=8,
                                                                         head_dim=32, norm_topk_prob=True)), 3, 64, 8
    yield name + "Qwen2-MoE", lambda: Qwen2MoeForCausalLM(Qwen2MoeConfig(**common, intermediate_size=256, moe_intermediate_size=64, shared_expert_intermediate_size=128,
                                                                         num_experts=32, num_experts_per_tok=4, norm_topk_prob=False)), 3, 32, 4
    yield name + "OLMoE", lambda: OlmoeForCausalLM(OlmoeConfig(**{**common, "num_key_value_heads": 4}, intermediate_size=64, num_experts=64, num_experts_per_tok=8)), 3, 64, 8


RESULTS = []


def check(model, name, ok, detail=""):
    RESULTS.append({"model": model, "check": name, "ok": bool(ok), "detail": detail})
    print(f"{'ok  ' if ok else 'FAIL'} {model}: {name}{' (' + detail + ')' if detail else ''}", flush=True)


def logits_of(model, ids):
    with torch.no_grad():
        answer = model(ids)
    return answer if torch.is_tensor(answer) else answer.logits


class Spy:
    """Records what the gates of a hook handed to the experts."""

    def __init__(self, hook):
        self.seen = []
        for gate in hook.gates:
            inner = gate.choose
            gate.choose = lambda logits, i, w, inner=inner, gate=gate: self._note(gate, logits, inner(logits, i, w))

    def _note(self, gate, logits, answer):
        self.seen.append((gate, logits.detach().float().clone(), answer[0].clone(), answer[1].clone()))
        return answer

    def rhos(self):
        for gate, z, i, _ in self.seen:
            p = torch.softmax(z, -1)
            yield gate, p.gather(-1, i).sum(-1) / p.topk(gate.top_k, -1).values.sum(-1)


def try_model(name, build, layers, experts, k, device, dtype):
    torch.manual_seed(1)
    model = build().to(device=device, dtype=dtype).eval()
    with torch.no_grad():
        for n, weight in model.named_parameters():
            if n.endswith("gate.weight"):
                weight.normal_(0, 2.5 / math.sqrt(weight.shape[1]))    # gates with an opinion; some start at zero
    ids = torch.randint(0, 256, (16, 1), device=device)
    prompt = torch.randint(0, 256, (4, 24), device=device)
    plain, plain_prompt = logits_of(model, ids), logits_of(model, prompt)
    before = {n: id(m.__dict__.get("forward")) if "forward" in m.__dict__ else None for n, m in model.named_modules()}
    client = Script(layers, experts, k)

    hook = attach(model, client, chunk_tokens=1 << 30, chunk_seconds=1e9)
    check(name, "unsteered, outputs are bit-identical", torch.equal(plain, logits_of(model, ids)) and torch.equal(plain_prompt, logits_of(model, prompt)))
    client.steer(guard=0.95)
    check(name, "with bias 0, outputs are bit-identical", torch.equal(plain, logits_of(model, ids)) and torch.equal(plain_prompt, logits_of(model, prompt)))

    generator = torch.Generator().manual_seed(2)
    bias = (torch.rand(layers, experts, generator=generator) * 2 - 1).tolist()
    client.steer(bias, guard=0.9)
    spy = Spy(hook)
    steered = logits_of(model, ids)
    changed = sum(int((i.sort(-1).values != z.topk(g.top_k, -1).indices.sort(-1).values).any(-1).sum()) for g, z, i, _ in spy.seen)
    check(name, "a bias changes the selection", changed > 0 and not torch.equal(plain, steered), f"{changed} of {16 * layers} token-layers")
    worst = 0.0
    for gate, z, i, w in spy.seen:
        p = torch.softmax(z, -1).gather(-1, i)
        wanted = p / p.sum(-1, keepdim=True) if gate.renormalise else p
        worst = max(worst, (w.float() - wanted).abs().max().item())
    check(name, "weights are the model's own formula over the unbiased probabilities", worst < (1e-6 if dtype == torch.float32 else 8e-3), f"largest difference {worst:.2e}")
    least = min(r.min().item() for _, r in spy.rhos())
    check(name, "every token keeps its bound of .90 under a bias", least >= 0.9, f"least {least:.4f}")

    def distinct(step, guard, own=None):
        client.steer(None, guard=guard, step=step, own=own)
        spy.seen.clear()
        logits_of(model, ids)
        return (sum(len(i.unique()) for _, _, i, _ in spy.seen) / len(spy.seen), min(r.min().item() for _, r in spy.rhos()))

    base, _ = distinct("none", 0.9)
    greedy, least = distinct("consolidate", 0.9)
    check(name, "consolidation lowers distinct experts and every token keeps .90", greedy < base and least >= 0.9, f"{base:.1f} to {greedy:.1f}, least {least:.4f}")
    shared, least = distinct("opportunistic", 0.8, max(1, k // 2))
    check(name, "the opportunistic step lowers distinct experts and every token keeps .80", shared <= base and least >= 0.8, f"{base:.1f} to {shared:.1f}, least {least:.4f}")
    exact, _ = distinct("consolidate", 1.0)
    check(name, "at a bound of 1 nothing changes", exact == base and torch.equal(plain, logits_of(model, ids)))

    client.rest()
    check(name, "after expiry outputs are bit-identical again", torch.equal(plain, logits_of(model, ids)))
    client.steer(bias, guard=0.9)
    pointer = hook.gates[0].bias.data_ptr()
    logits_of(model, ids)
    client.steer([[-b for b in row] for row in bias], guard=0.9)
    logits_of(model, ids)
    check(name, "an epoch is written in place", hook.gates[0].bias.data_ptr() == pointer and abs(hook.gates[0].bias[0].item() + bias[0][0]) < 1e-6)

    hook.detach()
    after = {n: id(m.__dict__.get("forward")) if "forward" in m.__dict__ else None for n, m in model.named_modules()}
    check(name, "detach restores everything", before == after and torch.equal(plain, logits_of(model, ids)) and not model._forward_pre_hooks)

    last = client.reports[-1]
    sums = all(sum(l["expert_counts"]) == last["tokens"] * k and abs(sum(l["mean_gate_probability"]) - 1) < 1e-3 and sum(l["margin_histogram"]) == last["tokens"]
               and 0.9 - 1e-6 <= l["retained_mass_mean"] <= 1 and l["retained_mass_p01"] <= l["retained_mass_mean"] + 1e-9 and l["kl_mean"] > 0 for l in last["layers"])
    rows = len(base64.b64decode(last["layers"][0]["gate_sample"])) // 2 / experts
    check(name, "feedback adds up", sums and len(last["layers"]) == layers and last["epoch"].number == client.number and last["phase"] == "decode" and rows == 16
          and all(math.isfinite(x) for x in struct.unpack(f"<{16 * experts}e", base64.b64decode(last["layers"][0]["gate_sample"]))),
          f"{len(client.reports)} chunks, {last['tokens']} tokens, {last['layers'][0]['distinct_experts_mean']:.1f} experts a step")
    phases = {r["phase"] for r in client.reports}
    check(name, "prefill and decode are apart", phases == {"prefill", "decode"})
    json.dumps([{k_: v for k_, v in r.items() if k_ != "epoch"} for r in client.reports], allow_nan=False)


def try_kernel(device):
    """The one-kernel consolidation against the loop, and what it costs."""
    energyttt._kernel()
    if energyttt._compiled[0] is None:
        return check("kernel", "Triton is there", False)
    generator = torch.Generator().manual_seed(3)
    for tokens, experts, k in ((16, 64, 8), (16, 128, 8), (64, 128, 8), (7, 60, 4), (128, 256, 8)):
        z = (torch.randn(tokens, experts, generator=generator) * 1.7).to(device)
        b = (torch.rand(experts, generator=generator) * 0.4 - 0.2).to(device)
        fast, p, rho, _ = select_experts(z, k, b, 0.9, "consolidate")
        kept, energyttt._compiled[0] = energyttt._compiled[0], None
        slow, _, slow_rho, _ = select_experts(z, k, b, 0.9, "consolidate")
        energyttt._compiled[0] = kept
        plain = len(z.topk(k, -1).indices.unique())
        same = len(fast.unique()) == len(slow.unique())
        check("kernel", f"N={tokens} E={experts}: the same experts stay as in the loop, every token keeps .90", same and rho.min().item() >= 0.9,
              f"{plain} to {len(fast.unique())} (loop {len(slow.unique())}), least {rho.min().item():.4f}")
        try:
            # What an engine with CUDA graphs pays: the whole selection, replayed.
            side = torch.cuda.Stream()
            with torch.cuda.stream(side):
                for _ in range(3):
                    select_experts(z, k, b, 0.9, "consolidate")
            torch.cuda.synchronize()
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                captured, _, _, _ = select_experts(z, k, b, 0.9, "consolidate")
            graph.replay()
            torch.cuda.synchronize()
            equal = torch.equal(captured, fast)
            times = []
            for _ in range(5):
                start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
                start.record()
                for _ in range(50):
                    graph.replay()
                end.record()
                torch.cuda.synchronize()
                times.append(start.elapsed_time(end) / 50 * 1000)
            b.mul_(-1)                                   # in place: the graph must see it
            graph.replay()
            moved = torch.equal(captured, select_experts(z, k, b, 0.9, "consolidate")[0])
            check("kernel", f"N={tokens} E={experts}: captured in a CUDA graph, answers the same and sees a bias written in place", equal and moved, f"median {sorted(times)[2]:.0f} us a layer")
        except Exception as error:
            check("kernel", f"N={tokens} E={experts}: captured in a CUDA graph", False, repr(error)[:300])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--stand-ins", action="store_true", help="only the modules of this file; needs no transformers")
    parser.add_argument("--out", help="write the checks as JSON")
    options = parser.parse_args()
    started = time.time()
    models = list(stand_ins()) + ([] if options.stand_ins else list(real_models()))
    kinds = [torch.float32] + ([torch.bfloat16] if options.device.startswith("cuda") else [])
    for name, build, layers, experts, k in models:
        for dtype in kinds:
            label = f"{name}, {str(dtype)[6:]}"
            try:
                try_model(label, build, layers, experts, k, options.device, dtype)
            except Exception:
                check(label, "ran", False, traceback.format_exc()[-900:])
    if options.device.startswith("cuda"):
        try:
            try_kernel(options.device)
        except Exception:
            check("kernel", "ran", False, traceback.format_exc()[-900:])
    failed = sum(not r["ok"] for r in RESULTS)
    summary = {"torch": torch.__version__, "device": torch.cuda.get_device_name() if options.device.startswith("cuda") else "cpu",
               "seconds": round(time.time() - started, 1), "checks": len(RESULTS), "failed": failed, "results": RESULTS}
    if options.out:
        with open(options.out, "w", encoding="utf-8") as file:
            json.dump(summary, file, indent=1)
    print(f"{len(RESULTS) - failed} checks held, {failed} failed, {summary['seconds']} s on {summary['device']}, torch {summary['torch']}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
