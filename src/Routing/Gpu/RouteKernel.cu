// Routing of one layer on a GPU: E experts, K per token, T tokens per warp, W warps, compiled at run time; the host puts those
// four as #define lines above this text.
// Every decision is written after src/Selection and uses the same roundings, so both come to the same experts:
// scores by the same exponential, masses summed in the same order in doubles, shares in units of 2^-28.
#define FULL 0xffffffffu
#define C ((E + 31) / 32)
#define UNIT 268435456
typedef unsigned int u32;
typedef unsigned long long u64;

__device__ __forceinline__ float masked() { return -3.402823466e+38f; }

__device__ __forceinline__ float series(float x)
{
    if (x < -87.3f) return 0.0f;
    float n = rintf(__fmul_rn(x, 1.44269504f));
    float r = __fmaf_rn(n, -0.693359375f, x);
    r = __fmaf_rn(n, 2.12194440e-4f, r);
    float p = __fmaf_rn(1.0f / 5040, r, 1.0f / 720);
    p = __fmaf_rn(p, r, 1.0f / 120);
    p = __fmaf_rn(p, r, 1.0f / 24);
    p = __fmaf_rn(p, r, 1.0f / 6);
    p = __fmaf_rn(p, r, 0.5f);
    p = __fmaf_rn(p, r, 1.0f);
    p = __fmaf_rn(p, r, 1.0f);
    return __fmul_rn(p, __int_as_float(((int)n + 127) << 23));
}

// Order-preserving bits; 0 is never chosen.
__device__ __forceinline__ u32 ordered(float key)
{
    u32 bits = __float_as_uint(key + 0.0f);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

struct Token
{
    u32 plain[C];    // ordered unbiased keys
    u32 keys[C];     // ordered keys that may still be chosen
    float scores[C];
    u32 set[C];      // the chosen experts, one bit a lane, the same in every lane
    double plainMass, mass;
};

// Index of the largest key, lowest on a tie, or -1; the same in every lane.
__device__ __forceinline__ int best(const u32* keys)
{
    u32 top = 0;
#pragma unroll
    for (int c = 0; c < C; c++) top = max(top, keys[c]);
    top = __reduce_max_sync(FULL, top);
    if (top == 0) return -1;
    int found = -1;
#pragma unroll
    for (int c = C - 1; c >= 0; c--)
    {
        u32 lanes = __ballot_sync(FULL, keys[c] == top);
        if (lanes) found = c * 32 + __ffs(lanes) - 1;
    }
    return found;
}

__device__ __forceinline__ void clear(u32* keys, int expert, int lane)
{
#pragma unroll
    for (int c = 0; c < C; c++)
        if (expert == c * 32 + lane) keys[c] = 0;
}

template <typename V> __device__ __forceinline__ V at(const V* values, int expert)
{
    V mine = values[0];
#pragma unroll
    for (int c = 1; c < C; c++)
        if ((expert >> 5) == c) mine = values[c];
    return __shfl_sync(FULL, mine, expert & 31);
}

__device__ __forceinline__ bool inside(const u32* set, int expert)
{
    u32 word = set[0];
#pragma unroll
    for (int c = 1; c < C; c++)
        if ((expert >> 5) == c) word = set[c];
    return (word >> (expert & 31)) & 1;
}

__device__ __forceinline__ void put(u32* set, int expert, bool in)
{
#pragma unroll
    for (int c = 0; c < C; c++)
        if ((expert >> 5) == c) set[c] = in ? set[c] | (1u << (expert & 31)) : set[c] & ~(1u << (expert & 31));
}

// Takes the K best of `keys` (a copy) into `set`, and sums their scores in that order.
__device__ __forceinline__ double take(const u32* keys, const float* scores, u32* set, int lane, int* slots)
{
    u32 left[C];
#pragma unroll
    for (int c = 0; c < C; c++) { left[c] = keys[c]; set[c] = 0; }
    double mass = 0;
    for (int slot = 0; slot < K; slot++)
    {
        int expert = best(left);
        if (slots) slots[slot] = expert;
        mass += (double)at(scores, expert);
        put(set, expert, true);
        clear(left, expert, lane);
    }
    return mass;
}

// The chosen set by falling unbiased key: the order in which it is written and its mass is summed.
__device__ __forceinline__ double sum(const u32* plain, const float* scores, const u32* set, int lane)
{
    u32 left[C];
#pragma unroll
    for (int c = 0; c < C; c++) left[c] = (set[c] >> lane) & 1 ? plain[c] : 0;
    double mass = 0;
    for (int slot = 0; slot < K; slot++)
    {
        int expert = best(left);
        if (expert < 0) break;
        mass += (double)at(scores, expert);
        clear(left, expert, lane);
    }
    return mass;
}

// Plain choice, biased choice and guard of one token, by one warp.
__device__ void choose(Token& t, const float* logits, const float* bias, double bound, int lane, int* trips)
{
    float top = masked();
    float z[C];
#pragma unroll
    for (int c = 0; c < C; c++)
    {
        int e = c * 32 + lane;
        float logit = e < E ? logits[e] : masked();
        z[c] = logit > masked() ? logit : masked();
        t.plain[c] = e < E ? ordered(z[c]) : 0;
        top = fmaxf(top, z[c]);
    }
#pragma unroll
    for (int offset = 16; offset; offset >>= 1) top = fmaxf(top, __shfl_xor_sync(FULL, top, offset));
    bool infinite = top == __int_as_float(0x7f800000);
#pragma unroll
    for (int c = 0; c < C; c++)
    {
        t.scores[c] = z[c] > masked() ? (infinite ? (z[c] == top ? 1.0f : 0.0f) : series(__fsub_rn(z[c], top))) : 0.0f;
        t.keys[c] = t.plain[c];
    }
    t.plainMass = take(t.plain, t.scores, t.set, lane, 0);
    t.mass = t.plainMass;
    if (!bias) return;

    u32 plainSet[C];
    bool same = true;
#pragma unroll
    for (int c = 0; c < C; c++)
    {
        int e = c * 32 + lane;
        plainSet[c] = t.set[c];
        t.keys[c] = e < E ? (z[c] > masked() ? ordered(__fadd_rn(z[c], bias[e])) : t.plain[c]) : 0;
    }
    take(t.keys, t.scores, t.set, lane, 0);
#pragma unroll
    for (int c = 0; c < C; c++) same = same && plainSet[c] == t.set[c];
    if (same) return;
    t.mass = sum(t.plain, t.scores, t.set, lane);
    double needed = fmin(t.plainMass, bound * t.plainMass * (1 + 1e-6));
    if (t.mass >= needed) return;
    if (lane == 0 && trips) atomicAdd(trips, 1);

    // Plain experts return, best first, each for the least of the strangers (of equals the higher index), until the bound holds.
    u32 returning[C];
#pragma unroll
    for (int c = 0; c < C; c++) returning[c] = (plainSet[c] & ~t.set[c]) >> lane & 1 ? t.plain[c] : 0;
    for (int step = 0; step < K && t.mass < needed; step++)
    {
        int back = best(returning);
        if (back < 0) break;
        clear(returning, back, lane);
        // Least score, then highest index: the largest of the complement, and experts counted from the end.
        u32 least = 0xffffffffu;
#pragma unroll
        for (int c = 0; c < C; c++)
            if ((t.set[c] & ~plainSet[c]) >> lane & 1) least = min(least, __float_as_uint(t.scores[c]));
        least = __reduce_min_sync(FULL, least);
        int leaving = -1;
#pragma unroll
        for (int c = 0; c < C; c++)
        {
            u32 lanes = __ballot_sync(FULL, ((t.set[c] & ~plainSet[c]) >> lane & 1) && __float_as_uint(t.scores[c]) == least);
            if (lanes) leaving = c * 32 + 31 - __clz(lanes);
        }
        put(t.set, leaving, false);
        put(t.set, back, true);
        t.mass = sum(t.plain, t.scores, t.set, lane);
    }
    bool whole = true;
#pragma unroll
    for (int c = 0; c < C; c++) whole = whole && plainSet[c] == t.set[c];
    if (whole) t.mass = t.plainMass;
}

// Writes indices by falling unbiased key, -1 for unused slots, weights of the unbiased scores over the set, and rho.
__device__ void write(const Token& t, int lane, int* experts, float* weights, float* retained)
{
    u32 left[C];
#pragma unroll
    for (int c = 0; c < C; c++) left[c] = (t.set[c] >> lane) & 1 ? t.plain[c] : 0;
    int mine = -1;
    float score = 0;
    double mass = 0;
    int used = 0;
    for (int slot = 0; slot < K; slot++)
    {
        int expert = best(left);
        float s = 0;
        if (expert >= 0) { s = at(t.scores, expert); clear(left, expert, lane); used++; }
        mass += (double)s;
        if (lane == slot) { mine = expert; score = s; }
    }
    float factor = mass > 0 ? (float)(1 / mass) : 0;
    if (lane < K)
    {
        experts[lane] = mine;
        weights[lane] = mine < 0 ? 0 : mass > 0 ? __fmul_rn(score, factor) : 1.0f / used;
    }
    if (lane == 0) *retained = t.plainMass > 0 ? (float)(mass / t.plainMass) : 1.0f;
}

// Guarded top-k: one warp a token, any number of blocks.
extern "C" __global__ void guarded(const float* logits, const float* bias, int tokens, double bound, int* experts, float* weights, float* retained, int* trips)
{
    int lane = threadIdx.x & 31;
    int token = (blockIdx.x * blockDim.x + threadIdx.x) >> 5;
    if (token >= tokens) return;
    Token t;
    choose(t, logits + (long long)token * E, bias, bound, lane, trips);
    write(t, lane, experts + (long long)token * K, weights + (long long)token * K, retained + token);
}

// Greedy consolidation by demand: one block of W warps, T tokens each; nothing leaves the chip until the sets stand.
extern "C" __global__ void __launch_bounds__(W * 32, 1) consolidate(
    const float* logits, const float* bias, int tokens, double bound, int needed, const double* perPrice, int* experts, float* weights, float* retained, int* trips)
{
    __shared__ u64 demand[E];
    __shared__ int order[E];
    __shared__ int candidates;
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    for (int e = threadIdx.x; e < E; e += blockDim.x) demand[e] = 0;
    if (threadIdx.x == 0) candidates = 0;
    __syncthreads();

    Token t[T];
    int shares[T][C], mass[T], least[T], next[T], nextShare[T], sizes[T];
#pragma unroll
    for (int i = 0; i < T; i++)
    {
        int token = warp + i * W;
        mass[i] = 0;
        least[i] = 0;
        next[i] = -1;
        nextShare[i] = 0;
        sizes[i] = K;
#pragma unroll
        for (int c = 0; c < C; c++) t[i].set[c] = 0;
        if (token >= tokens) continue;
        choose(t[i], logits + (long long)token * E, bias, bound, lane, trips);
        float factor = t[i].plainMass > 0 ? (float)(UNIT / t[i].plainMass) : 0.0f;
        if (!(factor <= 3.402823466e+38f)) factor = 0;
        int sumOfShares = 0;
#pragma unroll
        for (int c = 0; c < C; c++)
        {
            float share = __fmul_rn(t[i].scores[c], factor);
            shares[i][c] = __float2int_rn(fminf(share, 4.0f * UNIT));
            if ((t[i].set[c] >> lane) & 1)
            {
                // Bit 62 marks an expert as present even when its share is nothing.
                atomicAdd(&demand[c * 32 + lane], (u64)shares[i][c]);
                atomicOr(&demand[c * 32 + lane], 1ull << 62);
                sumOfShares += shares[i][c];
            }
        }
        mass[i] = __reduce_add_sync(FULL, sumOfShares);
        least[i] = t[i].plainMass > 0 ? needed : 0;
    }
    __syncthreads();

    // Sorted by counting who comes before: price-weighted demand, then index.
    for (int e = threadIdx.x; e < E; e += blockDim.x)
    {
        u64 raw = demand[e];
        if (!(raw >> 62)) { demand[e] = ~0ull; continue; }
        double weighted = (double)(raw & ((1ull << 62) - 1)) * (perPrice ? perPrice[e] : 1.0);
        bool free = perPrice && perPrice[e] > 1.7e308;
        demand[e] = free ? ~0ull - 1 : ((u64)fmin(weighted, 70368744177664.0) << 16) | (u32)e;
    }
    __syncthreads();
    for (int e = threadIdx.x; e < E; e += blockDim.x)
    {
        u64 mine = demand[e];
        if (mine >= ~0ull - 1) continue;
        int rank = 0;
        for (int other = 0; other < E; other++) rank += demand[other] < mine;
        order[rank] = e;
        atomicAdd(&candidates, 1);
    }
#pragma unroll
    for (int i = 0; i < T; i++)
    {
        if (warp + i * W >= tokens) continue;
        // Only present experts may be taken, and not those taken already.
#pragma unroll
        for (int c = 0; c < C; c++)
        {
            int e = c * 32 + lane;
            bool there = e < E && demand[e] != ~0ull && !((t[i].set[c] >> lane) & 1);
            t[i].keys[c] = there ? t[i].keys[c] : 0;
        }
        next[i] = best(t[i].keys);
        nextShare[i] = next[i] < 0 ? 0 : at(shares[i], next[i]);
    }
    __syncthreads();

    int count = candidates;
    for (int turn = 0; turn < count; turn++)
    {
        int leaving = order[turn];
        bool may = true;
        int lost[T];
#pragma unroll
        for (int i = 0; i < T; i++)
        {
            lost[i] = -1;
            if (inside(t[i].set, leaving))
            {
                lost[i] = at(shares[i], leaving);
                may = may && mass[i] - lost[i] + nextShare[i] >= least[i] && (next[i] >= 0 || sizes[i] > 1);
            }
        }
        if (!__syncthreads_and(may)) continue;
#pragma unroll
        for (int i = 0; i < T; i++)
        {
            if (lost[i] >= 0)
            {
                put(t[i].set, leaving, false);
                mass[i] += nextShare[i] - lost[i];
                if (next[i] >= 0)
                {
                    put(t[i].set, next[i], true);
                    clear(t[i].keys, next[i], lane);
                }
                else sizes[i]--;
            }
            bool again = lost[i] >= 0 || next[i] == leaving;
            clear(t[i].keys, leaving, lane);
            if (again && warp + i * W < tokens)
            {
                next[i] = best(t[i].keys);
                nextShare[i] = next[i] < 0 ? 0 : at(shares[i], next[i]);
            }
        }
    }
#pragma unroll
    for (int i = 0; i < T; i++)
    {
        int token = warp + i * W;
        if (token < tokens) write(t[i], lane, experts + (long long)token * K, weights + (long long)token * K, retained + token);
    }
}
