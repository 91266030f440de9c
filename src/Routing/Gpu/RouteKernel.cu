// Routing of one layer on a GPU: E experts, K per token, blocks of B threads for consolidation; the host puts those three as #define
// lines above this text and compiles it at run time.
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

// What the tokens of a batch do together, in one launch: MODE_DEMAND, experts leave in the order of demand (greedy consolidation); MODE_MARGINAL, always
// the one whose leaving costs least, up to a limit (marginal consolidation); MODE_ACTIVATE, tokens take what some token brings (opportunistic activation).
#define MODE_DEMAND 0
#define MODE_MARGINAL 1
#define MODE_ACTIVATE 2
// Phase one: one block a token ranks its experts by counting and leaves shares, ranks and order in scratch
// memory, expert-major. Phase two: the block that finishes last walks the experts in order of demand, one thread a token. A token's sets are bits in
// rank space, so its next best present expert is the first bit that is set.
#define P ((E + 31) / 32)

extern "C" __global__ void __launch_bounds__(B, 1) consolidate(
    const float* logits, const float* bias, int tokens, double bound, int needed, const double* perPrice, int* experts, float* weights, float* retained, int* trips,
    int* scratchShares, unsigned char* scratchRanks, unsigned char* scratchOrder, float* scratchScores, u32* scratchSets, double* scratchMass, int* scratchUnits,
    u64* scratchDemand, int* arrived, int mode, int own, double limit)
{
    extern __shared__ __align__(16) unsigned char pool[];
    __shared__ u64 keys[E];
    __shared__ u64 plainKeys[E];
    __shared__ float byRank[K];
    __shared__ u32 set[P];
    __shared__ u32 tops[32];
    __shared__ double plainMass;
    __shared__ int units;
    __shared__ bool last;
    int token = blockIdx.x, e = threadIdx.x, lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    int N = tokens;

    float z = masked();
    if (e < E)
    {
        float logit = logits[(long long)token * E + e];
        z = logit > masked() ? logit : masked();
        plainKeys[e] = ((u64)ordered(z) << 32) | (0xffffffffu - (u32)e);
    }
    u32 top = __reduce_max_sync(FULL, e < E ? ordered(z) : 0);
    if (lane == 0) tops[warp] = top;
    if (e < P) set[e] = 0;
    if (e == 0) units = 0;
    __syncthreads();
    top = 0;
    for (int i = 0; i < P; i++) top = max(top, tops[i]);
    float largest = __uint_as_float(top & 0x80000000u ? top & 0x7fffffffu : ~top);
    bool infinite = largest == __int_as_float(0x7f800000);
    float score = e < E && z > masked() ? (infinite ? (z == largest ? 1.0f : 0.0f) : series(__fsub_rn(z, largest))) : 0.0f;
    int plainRank = E, rank = E;
    if (e < E)
    {
        u64 mine = plainKeys[e];
        plainRank = 0;
#pragma unroll 16
        for (int other = 0; other < E; other++) plainRank += plainKeys[other] > mine;
        if (plainRank < K) byRank[plainRank] = score;
        rank = plainRank;
        if (bias) keys[e] = ((u64)(z > masked() ? ordered(__fadd_rn(z, bias[e])) : ordered(z)) << 32) | (0xffffffffu - (u32)e);
    }
    __syncthreads();
    if (bias && e < E)
    {
        u64 mine = keys[e];
        rank = 0;
#pragma unroll 16
        for (int other = 0; other < E; other++) rank += keys[other] > mine;
    }
    if (bias && warp == 0)
    {
        // The guard between both choices is the same code as in the kernel above.
        Token t;
        choose(t, logits + (long long)token * E, bias, bound, lane, trips);
#pragma unroll
        for (int c = 0; c < C; c++)
            if (lane == 0) tops[c] = t.set[c];
        if (lane == 0) plainMass = t.plainMass;
    }
    if (!bias && e == 0)
    {
        double mass = 0;
        for (int slot = 0; slot < K; slot++) mass += (double)byRank[slot];
        plainMass = mass;
    }
    __syncthreads();
    double mass0 = plainMass;
    float factor = mass0 > 0 ? (float)(UNIT / mass0) : 0.0f;
    if (!(factor <= 3.402823466e+38f)) factor = 0;
    if (e < E)
    {
        int share = __float2int_rn(fminf(__fmul_rn(score, factor), 4.0f * UNIT));
        scratchShares[e * N + token] = share;
        scratchRanks[e * N + token] = (unsigned char)rank;
        scratchOrder[rank * N + token] = (unsigned char)e;
        scratchScores[token * E + e] = score;
        bool chosen = bias ? (tops[e >> 5] >> (e & 31)) & 1 : rank < K;
        if (chosen)
        {
            atomicOr(&set[rank >> 5], 1u << (rank & 31));
            atomicAdd(&units, share);
            // The top bits mark an expert as present even when its share is nothing: fewer than 2^12 tokens.
            atomicAdd(&scratchDemand[e], (1ull << 52) | (u64)share);
        }
    }
    __syncthreads();
    if (e < P) scratchSets[e * N + token] = set[e];
    if (e == 0)
    {
        scratchMass[token] = mass0;
        scratchUnits[token] = units;
    }
    __threadfence();
    __syncthreads();
    if (e == 0) last = atomicAdd(arrived, 1) == tokens - 1;
    __syncthreads();
    if (!last) return;
    __threadfence();

    // Phase two. Tables into shared memory, in 16-byte words: the host sees to it that E is a multiple of 16.
    int* shares = (int*)pool;
    unsigned char* ranks = pool + (long long)E * N * 4;
    unsigned char* order = ranks + (long long)E * N;
    for (int i = threadIdx.x; i < E * N / 4; i += B) ((uint4*)shares)[i] = ((const uint4*)scratchShares)[i];
    for (int i = threadIdx.x; i < E * N / 16; i += B)
    {
        ((uint4*)ranks)[i] = ((const uint4*)scratchRanks)[i];
        ((uint4*)order)[i] = ((const uint4*)scratchOrder)[i];
    }
    __shared__ short turns[E], absent[E];
    __shared__ int count, missing;
    if (threadIdx.x == 0)
    {
        count = 0;
        missing = 0;
    }
    __syncthreads();
    if (e < E)
    {
        u64 raw = scratchDemand[e];
        scratchDemand[e] = 0;
        bool present = raw >> 52, isFree = perPrice && perPrice[e] > 1.7e308;
        double weighted = (double)(raw & ((1ull << 52) - 1)) * (perPrice ? perPrice[e] : 1.0);
        if (!present) absent[atomicAdd(&missing, 1)] = (short)e;
        keys[e] = !present ? ~0ull : isFree ? ~0ull - 1 : ((u64)fmin(weighted, 70368744177664.0) << 16) | (u32)e;
    }
    if (threadIdx.x == 0) *arrived = 0;
    __syncthreads();
    if (e < E && keys[e] < ~0ull - 1)
    {
        u64 mine = keys[e];
        int place = 0;
#pragma unroll 16
        for (int other = 0; other < E; other++) place += keys[other] < mine;
        turns[place] = (short)e;
        atomicAdd(&count, 1);
    }
    __syncthreads();
    // What the leaving of each expert would cost all tokens together, in units, as high * 2^15 + low: shared memory adds 32 bits at once and 64 only in a loop. Low parts are never
    // negative and at most N E times added; high parts may wrap on the way.
    __shared__ int lossHigh[E];
    __shared__ u32 lossLow[E];
    __shared__ double factorOf[E];
    __shared__ u32 brought[P];
    if (e < E)
    {
        lossHigh[e] = 0;
        lossLow[e] = 0;
        // Experts that nobody has, or that cost nothing, never leave: their turn is over before it comes.
        factorOf[e] = keys[e] < ~0ull - 1 ? perPrice ? perPrice[e] : 1.0 : -1.0;
        if (e < P) brought[e] = 0;
    }
    __syncthreads();
    int t = threadIdx.x;
    if (t >= ((N + 31) & ~31)) return; // The barriers below wait for those that stay.

    bool real = t < N;
    u32 mineSet[P], open[P];
    int mass = 0, least = 0, next = -1, nextShare = 0, size = K;
#pragma unroll
    for (int c = 0; c < P; c++)
    {
        mineSet[c] = real ? scratchSets[c * N + t] : 0;
        open[c] = 0;
    }
    if (real)
    {
        mass = scratchUnits[t];
        least = scratchMass[t] > 0 ? needed : 0;
#pragma unroll
        for (int c = 0; c < P; c++) open[c] = c * 32 + 32 <= E ? FULL : (1u << (E & 31)) - 1;
        for (int x = 0; x < missing; x++)
        {
            int r = ranks[absent[x] * N + t];
#pragma unroll
            for (int c = 0; c < P; c++)
                if ((r >> 5) == c) open[c] &= ~(1u << (r & 31));
        }
#pragma unroll
        for (int c = P - 1; c >= 0; c--)
        {
            open[c] &= ~mineSet[c];
            if (open[c]) next = c * 32 + __ffs(open[c]) - 1;
        }
        nextShare = next < 0 ? 0 : shares[order[next * N + t] * N + t];
    }
    if (mode == MODE_ACTIVATE)
    {
        // Every token brings its own first experts; then each takes its best K of all that were brought.
        if (real)
            for (int r = 0; r < own && r < K; r++)
            {
                int expert = order[r * N + t];
                atomicOr(&brought[expert >> 5], 1u << (expert & 31));
            }
        __syncthreads();
#pragma unroll
        for (int c = 0; c < P; c++) mineSet[c] = 0;
        for (int r = 0, taken = 0; real && r < E && taken < K; r++)
        {
            int expert = order[r * N + t];
            if (!(brought[expert >> 5] >> (expert & 31) & 1)) continue;
            taken++;
#pragma unroll
            for (int c = 0; c < P; c++)
                if ((r >> 5) == c) mineSet[c] |= 1u << (r & 31);
        }
    }
    if (mode == MODE_MARGINAL)
    {
#define ADD(expert, by) \
        { \
            int change = (by); \
            atomicAdd(&lossHigh[expert], change >> 15); \
            atomicAdd(&lossLow[expert], (u32)(change & 32767)); \
        }
        // Adds to the loss of every expert of the token's set.
#define ACCOUNT(byWhat) \
        for (int c = 0; c < P; c++) \
            for (u32 bits = mineSet[c]; bits; bits &= bits - 1) \
            { \
                int mineExpert = order[(c * 32 + __ffs(bits) - 1) * N + t]; \
                ADD(mineExpert, byWhat) \
            }
        if (real) ACCOUNT(shares[mineExpert * N + t] - nextShare)
        __syncthreads();
        double waiting[P]; // price of what each lane looks after; negative once its turn is over
#pragma unroll
        for (int c = 0; c < P; c++) waiting[c] = c * 32 + lane < E ? factorOf[c * 32 + lane] : -1.0;
        for (int turn = 0; turn < E; turn++)
        {
            // Every warp finds the cheapest for itself: least cost, then lowest index. Order-preserving bits, two halves.
            u64 cheapest = ~0ull;
            int which = E;
#pragma unroll
            for (int c = 0; c < P; c++)
            {
                int expert = c * 32 + lane;
                if (waiting[c] < 0) continue;
                double cost = (double)((long long)lossHigh[expert] * 32768 + lossLow[expert]) * waiting[c];
                if (!(cost <= limit)) continue;
                u64 bits = (u64)__double_as_longlong(cost + 0.0);
                bits = bits >> 63 ? ~bits : bits | 0x8000000000000000ull;
                if (bits < cheapest) { cheapest = bits; which = expert; }
            }
            u32 high = __reduce_min_sync(FULL, (u32)(cheapest >> 32));
            u32 low = __reduce_min_sync(FULL, (u32)(cheapest >> 32) == high ? (u32)cheapest : 0xffffffffu);
            int leaving = (int)__reduce_min_sync(FULL, (u32)(cheapest >> 32) == high && (u32)cheapest == low ? (u32)which : (u32)E);
            if (leaving >= E) break;
#pragma unroll
            for (int c = 0; c < P; c++)
                if (leaving == c * 32 + lane) waiting[c] = -1.0;
            int r = real ? ranks[leaving * N + t] : E, lost = real ? shares[leaving * N + t] : 0;
            bool in = false;
#pragma unroll
            for (int c = 0; c < P; c++)
                if ((r >> 5) == c) in = (mineSet[c] >> (r & 31)) & 1;
            in = in && real;
            bool may = !in || (mass - lost + nextShare >= least && (next >= 0 || size > 1));
            if (!__syncthreads_and(may)) continue;
            int oldNext = next, oldShare = nextShare;
            if (real)
            {
#pragma unroll
                for (int c = 0; c < P; c++)
                {
                    if (in && (r >> 5) == c) mineSet[c] &= ~(1u << (r & 31));
                    if (in && next >= 0 && (next >> 5) == c) open[c] &= ~(1u << (next & 31));
                    if ((r >> 5) == c) open[c] &= ~(1u << (r & 31));
                }
            }
            if (real && (in || next == r))
            {
                next = -1;
#pragma unroll
                for (int c = P - 1; c >= 0; c--)
                    if (open[c]) next = c * 32 + __ffs(open[c]) - 1;
                nextShare = next < 0 ? 0 : shares[order[next * N + t] * N + t];

                // Those that stay lose what the next best would have given; the one that left counts no more.
                if (oldShare != nextShare) ACCOUNT(oldShare - nextShare)
                if (in)
                {
                    mass += oldShare - lost;
                    if (oldNext < 0) size--;
                    else
                    {
                        int joins = order[oldNext * N + t];
                        ADD(joins, oldShare - nextShare)
#pragma unroll
                        for (int c = 0; c < P; c++)
                            if ((oldNext >> 5) == c) mineSet[c] |= 1u << (oldNext & 31);
                    }
                }
            }
            __syncthreads();
        }
    }
    int leaves = mode == MODE_DEMAND ? count : 0;
    int rankNow = E, shareNow = 0;
    if (real && leaves > 0)
    {
        rankNow = ranks[turns[0] * N + t];
        shareNow = shares[turns[0] * N + t];
    }
    for (int turn = 0; turn < leaves; turn++)
    {
        int r = rankNow, lost = shareNow;
        bool in = false;
#pragma unroll
        for (int c = 0; c < P; c++)
            if ((r >> 5) == c) in = (mineSet[c] >> (r & 31)) & 1;
        bool may = !in || (mass - lost + nextShare >= least && (next >= 0 || size > 1));
        if (real && turn + 1 < leaves)
        {
            int following = turns[turn + 1];
            rankNow = ranks[following * N + t];
            shareNow = shares[following * N + t];
        }
        if (!__syncthreads_and(may)) continue;
        if (in)
        {
            mass += nextShare - lost;
            if (next < 0) size--;
#pragma unroll
            for (int c = 0; c < P; c++)
            {
                if ((r >> 5) == c) mineSet[c] &= ~(1u << (r & 31));
                if (next >= 0 && (next >> 5) == c)
                {
                    mineSet[c] |= 1u << (next & 31);
                    open[c] &= ~(1u << (next & 31));
                }
            }
        }
#pragma unroll
        for (int c = 0; c < P; c++)
            if ((r >> 5) == c) open[c] &= ~(1u << (r & 31));
        if (real && (in || next == r))
        {
            next = -1;
#pragma unroll
            for (int c = P - 1; c >= 0; c--)
                if (open[c]) next = c * 32 + __ffs(open[c]) - 1;
            nextShare = next < 0 ? 0 : shares[order[next * N + t] * N + t];
        }
    }
    if (!real) return;

    // The set by falling unbiased logit, ties by index: an insertion network over K registers, then weights as on the CPU.
    u64 slots[K];
    u32 rest[P];
#pragma unroll
    for (int c = 0; c < P; c++) rest[c] = mineSet[c];
#pragma unroll
    for (int slot = 0; slot < K; slot++)
    {
        int found = -1;
#pragma unroll
        for (int c = P - 1; c >= 0; c--)
            if (rest[c]) found = c * 32 + __ffs(rest[c]) - 1;
        slots[slot] = 0;
        if (found >= 0)
        {
#pragma unroll
            for (int c = 0; c < P; c++)
                if ((found >> 5) == c) rest[c] &= rest[c] - 1;
            int expert = order[found * N + t];
            float logit = logits[(long long)t * E + expert];
            slots[slot] = ((u64)ordered(logit > masked() ? logit : masked()) << 32) | (0xffffffffu - (u32)expert);
        }
    }
    if (bias)
    {
#pragma unroll
        for (int i = 0; i < K; i++)
#pragma unroll
            for (int j = 0; j + 1 < K - i; j++)
                if (slots[j] < slots[j + 1])
                {
                    u64 held = slots[j];
                    slots[j] = slots[j + 1];
                    slots[j + 1] = held;
                }
    }
    float scores[K];
    double sumOfScores = 0;
    int used = 0;
#pragma unroll
    for (int slot = 0; slot < K; slot++)
    {
        scores[slot] = slots[slot] ? scratchScores[t * E + (0xffffffffu - (u32)slots[slot])] : 0.0f;
        used += slots[slot] != 0;
    }
#pragma unroll
    for (int slot = 0; slot < K; slot++) sumOfScores += (double)scores[slot];
    float scale = sumOfScores > 0 ? (float)(1 / sumOfScores) : 0.0f;
#pragma unroll
    for (int slot = 0; slot < K; slot++)
    {
        experts[t * K + slot] = slots[slot] ? (int)(0xffffffffu - (u32)slots[slot]) : -1;
        weights[t * K + slot] = !slots[slot] ? 0.0f : sumOfScores > 0 ? __fmul_rn(scores[slot], scale) : 1.0f / used;
    }
    retained[t] = scratchMass[t] > 0 ? (float)(sumOfScores / scratchMass[t]) : 1.0f;
}


// What an engine needs after the choice, in one launch of one block: rows sorted by expert for the grouped products, where each slot's row went, and what a
// learner and a report are told. Unused slots have no row; they point at their token's first expert, and their weight is 0.
extern "C" __global__ void __launch_bounds__(B, 1) dispatch(
    const int* experts, const float* retained, const float* logits, int tokens, int* ends, long long* source, long long* back, long long* counts, double* totals, float* sample, int sampleSteps)
{
    extern __shared__ __align__(16) int slots[]; // [tokens, K]
    __shared__ int starts[E + 1];
    __shared__ double sums[B];
    __shared__ float leasts[B];
    int e = threadIdx.x, all = tokens * K;
    for (int i = e; i < all; i += B) slots[i] = experts[i];
    long long step = (long long)totals[0];
    __syncthreads();
    int mine = 0;
    if (e < E)
    {
        for (int i = 0; i < all; i++) mine += slots[i] == e;
        starts[e + 1] = mine;
        counts[e] += mine;
    }
    int distinct = __syncthreads_count(mine > 0);
    if (e == 0)
    {
        starts[0] = 0;
        for (int i = 1; i <= E; i++) starts[i] += starts[i - 1];
    }
    double sum = 0;
    float least = 3.402823466e+38f;
    for (int i = e; i < tokens; i += B) { sum += retained[i]; least = fminf(least, retained[i]); }
    sums[e] = sum;
    leasts[e] = least;
    __syncthreads();
    if (e < E)
    {
        ends[e] = starts[e + 1];
        int row = starts[e];
        for (int i = 0; i < all && mine > 0; i++)
            if (slots[i] == e)
            {
                source[row] = i / K;
                back[i] = row++;
            }
    }
    // Rows that no expert takes are never read; they still need a source that exists.
    for (int i = starts[E] + e; i < all; i += B) source[i] = 0;
    __syncthreads();
    for (int i = e; i < all; i += B)
        if (slots[i] < 0) back[i] = back[i / K * K];
    if (e == 0)
    {
        for (int i = 1; i < min(B, tokens); i++) { sum += sums[i]; least = fminf(least, leasts[i]); }
        totals[0] += 1;
        totals[1] += distinct;
        totals[2] += sum;
        totals[3] = fmin(totals[3], (double)least);
    }
    if (sample)
    {
        float* place = sample + (step % sampleSteps) * tokens * E;
        for (int i = e; i < tokens * E; i += B) place[i] = logits[i];
    }
}
