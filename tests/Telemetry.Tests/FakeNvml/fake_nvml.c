/* A libnvidia-ml.so.1 that plays scripted cards. Our own declarations of the interface, checked against its documented sizes below.
 *
 * The script is a text file named by the environment variable ENERGYTTT_FAKE_NVML (or given to fake_nvml_script). One statement a line, '#' begins a
 * comment, G is a card's index or '*', T0 and T1 are seconds of the script's clock ('-' for T1: for ever):
 *   driver VERSION                      gpus N
 *   gpu G name TEXT                     gpu G uuid T0 UUID             the UUID from T0 on
 *   gpu G arch N                        gpu G mig 0|1                  gpu G handle CODE (opening the card fails)
 *   gpu G limit MILLIWATTS              gpu G counter MILLIJOULES      what the energy counter shows at 0
 *   gpu G tick SECONDS                  how often counter and power sensors change (0.1)
 *   gpu G set NAME T0 VALUE             NAME: power temp memtemp margin util memutil used total sm mem fan reasons (W, C, %, bytes, MHz)
 *   gpu G rate NAME T0 VALUE            seconds throttled per second: power_cap sw_thermal hw_thermal brake
 *   gpu G fail T0 T1 NAME CODE          NAME: energy power average instant temp memtemp margin util memory clock limit fan reasons throttle uuid setlimit all
 *   gpu G reset T0                      the driver's energy counter begins at 0 again
 *   gpu G jump T0 MILLIJOULES           a glitch: added to the counter from T0 on
 *   gpu G stall T0 T1                   the counter stands still, then catches up
 *   gpu G slow T0 T1 MILLISECONDS       every call on the card takes so long
 *   host fail T0 T1 CODE                everything fails, initialisation too
 * The clock is the process's monotonic one from the first nvmlInit on, unless fake_nvml_clock sets it. */
#define _GNU_SOURCE
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define API __attribute__((visibility("default")))
enum { OK = 0, UNINIT = 1, INVALID = 2, UNSUPPORTED = 3, NOT_FOUND = 6, NO_DRIVER = 9, VERSION_MISMATCH = 25 };
enum { CARDS = 16, STEPS = 64, FAULTS = 64 };

typedef struct { uint32_t field, scope; int64_t timestamp, latency; int32_t type, code; union { double d; uint32_t u; int32_t i; uint64_t ul; int64_t l; } value; } FieldValue;
typedef struct { uint32_t version, sensor; int32_t temperature; } TemperatureV1;
typedef struct { uint32_t version; int32_t margin; } Margin;
typedef struct { uint32_t version; uint64_t total, reserved, free, used; } MemoryV2;
typedef struct { uint64_t total, free, used; } MemoryV1;
typedef struct { uint32_t gpu, memory; } Utilization;
typedef struct { char legacy[16]; uint32_t domain, bus, device, id, subsystem; char bus_id[32]; } PciInfo;
typedef struct { uint64_t reference_us, violation_ns; } Violation;
_Static_assert(sizeof(FieldValue) == 40 && offsetof(FieldValue, value) == 32, "nvmlFieldValue_t");
_Static_assert(sizeof(TemperatureV1) == 12 && sizeof(Margin) == 8 && sizeof(MemoryV2) == 40, "versioned structs");
_Static_assert(sizeof(PciInfo) == 68 && offsetof(PciInfo, bus_id) == 36 && sizeof(Violation) == 16, "pci, violation");

typedef struct { double at, value; } Step;
typedef struct { int n; Step step[STEPS]; } Series;
enum { POWER, TEMP, MEMTEMP, MARGIN, UTIL, MEMUTIL, USED, TOTAL, SM, MEM, FAN, REASONS, SERIES };
static const char *series_name[SERIES] = { "power", "temp", "memtemp", "margin", "util", "memutil", "used", "total", "sm", "mem", "fan", "reasons" };
enum { POWER_CAP, SW_THERMAL, HW_THERMAL, BRAKE, RATES };
static const char *rate_name[RATES] = { "power_cap", "sw_thermal", "hw_thermal", "brake" };

typedef struct { double from, to; char name[16]; int code; } Fault;
typedef struct {
    char name[96]; int uuids; struct { double at; char text[96]; } uuid[4];
    int arch, mig, handle; double limit, counter, tick, reset, jump_at, jump, stall_from, stall_to, slow_from, slow_to, slow_ms;
    Series series[SERIES], rate[RATES]; int faults; Fault fault[FAULTS];
} Card;

static Card cards[CARDS];
static int count = 1, initialised, loaded, host_faults, manual;
static Fault host_fault[8];
static char driver[80] = "580.159.04";
static char script[512];
static double manual_clock, epoch = -1;
static long calls;

static double monotonic(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static double now(void) { return manual ? manual_clock : epoch < 0 ? 0 : monotonic() - epoch; }

static double at(const Series *s, double t, double fallback) {
    double v = fallback;
    for (int i = 0; i < s->n && s->step[i].at <= t; i++) v = s->step[i].value;
    return v;
}

static double integral(const Series *s, double from, double to) {
    double sum = 0;
    for (int i = 0; i < s->n; i++) {
        double begin = fmax(s->step[i].at, from), end = fmin(i + 1 < s->n ? s->step[i + 1].at : INFINITY, to);
        if (end > begin) sum += s->step[i].value * (end - begin);
    }
    return sum;
}

static void add(Series *s, double t, double v) { if (s->n < STEPS) s->step[s->n++] = (Step){ t, v }; }

static void defaults(void) {
    memset(cards, 0, sizeof cards);
    count = 1; host_faults = 0; strcpy(driver, "580.159.04");
    for (int i = 0; i < CARDS; i++) {
        Card *c = &cards[i];
        strcpy(c->name, "NVIDIA H100 80GB HBM3");
        c->uuids = 1; snprintf(c->uuid[0].text, 96, "GPU-fa4e0000-0000-0000-0000-%012d", i);
        c->arch = 9; c->limit = 700000; c->counter = 1000000; c->tick = 0.1;
        c->reset = c->jump_at = c->stall_from = c->slow_from = INFINITY;
    }
}

static int fail_line(const char *line, int number) { fprintf(stderr, "fake_nvml: line %d not understood: %s", number, line); return -1; }

static int parse(FILE *f) {
    char line[512]; int number = 0;
    while (fgets(line, sizeof line, f)) {
        char who[8], what[16], name[96], to[16]; double a, b, v; int code, used; number++;
        char *hash = strchr(line, '#'); if (hash) strcpy(hash, "\n");
        if (sscanf(line, " %1s", what) < 1) continue;
        if (sscanf(line, " driver %79s", driver) == 1) continue;
        if (sscanf(line, " gpus %d", &count) == 1) continue;
        if (sscanf(line, " host fail %lf %15s %d", &a, to, &code) == 3) {
            host_fault[host_faults++] = (Fault){ a, *to == '-' ? INFINITY : atof(to), "all", code }; continue;
        }
        if (sscanf(line, " gpu %7s %15s %n", who, what, &used) < 2) return fail_line(line, number);
        const char *rest = line + used; int first = *who == '*' ? 0 : atoi(who), last = *who == '*' ? CARDS - 1 : first;
        for (int i = first; i <= last; i++) {
            Card *c = &cards[i]; int known = 1;
            if (!strcmp(what, "name")) { snprintf(c->name, 96, "%s", rest); c->name[strcspn(c->name, "\n")] = 0; }
            else if (!strcmp(what, "uuid") && sscanf(rest, "%lf %95s", &a, name) == 2) {
                if (a <= 0) c->uuids = 0;
                c->uuid[c->uuids].at = a; strcpy(c->uuid[c->uuids++].text, name);
            }
            else if (!strcmp(what, "arch") && sscanf(rest, "%d", &code) == 1) c->arch = code;
            else if (!strcmp(what, "mig") && sscanf(rest, "%d", &code) == 1) c->mig = code;
            else if (!strcmp(what, "handle") && sscanf(rest, "%d", &code) == 1) c->handle = code;
            else if (!strcmp(what, "limit") && sscanf(rest, "%lf", &v) == 1) c->limit = v;
            else if (!strcmp(what, "counter") && sscanf(rest, "%lf", &v) == 1) c->counter = v;
            else if (!strcmp(what, "tick") && sscanf(rest, "%lf", &v) == 1) c->tick = v;
            else if (!strcmp(what, "reset") && sscanf(rest, "%lf", &a) == 1) c->reset = a;
            else if (!strcmp(what, "jump") && sscanf(rest, "%lf %lf", &a, &v) == 2) { c->jump_at = a; c->jump = v; }
            else if (!strcmp(what, "stall") && sscanf(rest, "%lf %lf", &a, &b) == 2) { c->stall_from = a; c->stall_to = b; }
            else if (!strcmp(what, "slow") && sscanf(rest, "%lf %lf %lf", &a, &b, &v) == 3) { c->slow_from = a; c->slow_to = b; c->slow_ms = v; }
            else if (!strcmp(what, "fail") && sscanf(rest, "%lf %15s %15s %d", &a, to, name, &code) == 4 && c->faults < FAULTS) {
                Fault *x = &c->fault[c->faults++]; x->from = a; x->to = *to == '-' ? INFINITY : atof(to); strcpy(x->name, name); x->code = code;
            }
            else if (!strcmp(what, "set") && sscanf(rest, "%15s %lf %lf", name, &a, &v) == 3) {
                known = 0;
                for (int k = 0; k < SERIES; k++) if (!strcmp(series_name[k], name)) { add(&c->series[k], a, v); known = 1; }
            }
            else if (!strcmp(what, "rate") && sscanf(rest, "%15s %lf %lf", name, &a, &v) == 3) {
                known = 0;
                for (int k = 0; k < RATES; k++) if (!strcmp(rate_name[k], name)) { add(&c->rate[k], a, v); known = 1; }
            }
            else known = 0;
            if (!known) return fail_line(line, number);
        }
    }
    loaded = 1;
    return 0;
}

/* Steering from within the same process: a script, a clock in seconds, the number of calls on cards so far. */
API int fake_nvml_script(const char *path) {
    FILE *f = fopen(path, "r"); if (!f) return -1;
    snprintf(script, sizeof script, "%s", path);
    defaults(); int r = parse(f); fclose(f); return r;
}
API void fake_nvml_clock(double seconds) { manual = 1; manual_clock = seconds; }
API long fake_nvml_calls(void) { return calls; }
API int fake_nvml_layout(const char *what) {
#define SIZE(n, t) if (!strcmp(what, n)) return sizeof(t)
#define AT(n, t, m) if (!strcmp(what, n "." #m)) return offsetof(t, m)
    SIZE("FieldValue", FieldValue); AT("FieldValue", FieldValue, field); AT("FieldValue", FieldValue, scope); AT("FieldValue", FieldValue, timestamp);
    AT("FieldValue", FieldValue, latency); AT("FieldValue", FieldValue, type); AT("FieldValue", FieldValue, code); AT("FieldValue", FieldValue, value);
    SIZE("Temperature", TemperatureV1); AT("Temperature", TemperatureV1, sensor); AT("Temperature", TemperatureV1, temperature);
    SIZE("Margin", Margin); AT("Margin", Margin, margin);
    SIZE("MemoryV2", MemoryV2); AT("MemoryV2", MemoryV2, total); AT("MemoryV2", MemoryV2, used);
    SIZE("MemoryV1", MemoryV1); AT("MemoryV1", MemoryV1, used);
    SIZE("Utilization", Utilization); AT("Utilization", Utilization, memory);
    SIZE("PciInfo", PciInfo); AT("PciInfo", PciInfo, bus_id); SIZE("Violation", Violation); AT("Violation", Violation, violation_ns);
    return -1;
}

static int host_code(void) {
    double t = now();
    for (int i = 0; i < host_faults; i++) if (t >= host_fault[i].from && t < host_fault[i].to) return host_fault[i].code;
    return OK;
}

static int enter(void *handle, const char *name, Card **card) {
    calls++;
    if (!initialised) return UNINIT;
    int code = host_code(); if (code) return code;
    Card *c = handle; if (c < cards || c >= cards + count) return INVALID;
    double t = now();
    if (t >= c->slow_from && t < c->slow_to) {
        if (manual) manual_clock += c->slow_ms / 1000; /* no real time passes: the caller's clock is told by fake_nvml_now */
        else { struct timespec d = { 0, (long)(c->slow_ms * 1e6) }; nanosleep(&d, NULL); }
    }
    for (int i = 0; i < c->faults; i++)
        if (t >= c->fault[i].from && t < c->fault[i].to && (!strcmp(c->fault[i].name, name) || !strcmp(c->fault[i].name, "all"))) return c->fault[i].code;
    *card = c;
    return OK;
}
API double fake_nvml_now(void) { return now(); }

#define ENTER(name) Card *c; int code = enter(device, name, &c); if (code) return code
#define OPTIONAL(k) if (c->series[k].n == 0) return UNSUPPORTED

static double ticked(const Card *c) { double t = now(); return c->tick > 0 ? floor(t / c->tick + 1e-6) * c->tick : t; }
static uint64_t energy(const Card *c) {
    double t = ticked(c);
    if (t >= c->stall_from && t < c->stall_to) t = c->stall_from;
    double from = t >= c->reset ? c->reset : 0, base = t >= c->reset ? 0 : c->counter;
    return (uint64_t)llround(base + 1000 * integral(&c->series[POWER], from, t) + (t >= c->jump_at ? c->jump : 0));
}
static uint32_t average(const Card *c) {
    double t = ticked(c), from = fmax(0, t - 1);
    return (uint32_t)lround(t > from ? 1000 * integral(&c->series[POWER], from, t) / (t - from) : 1000 * at(&c->series[POWER], t, 0));
}
static uint32_t instant(const Card *c) { return (uint32_t)lround(1000 * at(&c->series[POWER], ticked(c), 0)); }

API int nvmlInit_v2(void) {
    if (!loaded) {
        const char *path = getenv("ENERGYTTT_FAKE_NVML");
        if (!path) { defaults(); add(&cards[0].series[POWER], 0, 70); loaded = 1; }
        else if (fake_nvml_script(path)) return 999;
    }
    if (epoch < 0) epoch = monotonic();
    int code = host_code(); if (code) return code;
    initialised++;
    return OK;
}
API int nvmlShutdown(void) { if (!initialised) return UNINIT; initialised--; return OK; }
API const char *nvmlErrorString(int code) { return code == UNSUPPORTED ? "Not Supported" : code == 15 ? "GPU is lost" : "scripted error"; }
API int nvmlSystemGetDriverVersion(char *text, unsigned length) { int r = host_code(); if (r) return r; snprintf(text, length, "%s", driver); return OK; }
API int nvmlSystemGetNVMLVersion(char *text, unsigned length) { snprintf(text, length, "13.%s", driver); return OK; }
API int nvmlDeviceGetCount_v2(unsigned *n) { if (!initialised) return UNINIT; int r = host_code(); if (r) return r; *n = count; return OK; }
API int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **device) {
    if (!initialised) return UNINIT;
    int r = host_code(); if (r) return r;
    if ((int)i >= count) return INVALID;
    if (cards[i].handle) return cards[i].handle;
    *device = &cards[i]; return OK;
}
static const char *uuid(const Card *c) { const char *u = ""; for (int i = 0; i < c->uuids; i++) if (c->uuid[i].at <= now()) u = c->uuid[i].text; return u; }
API int nvmlDeviceGetHandleByUUID(const char *text, void **device) {
    if (!initialised) return UNINIT;
    int r = host_code(); if (r) return r;
    for (int i = 0; i < count; i++) if (!strcmp(uuid(&cards[i]), text)) { *device = &cards[i]; return OK; }
    return NOT_FOUND;
}
API int nvmlDeviceGetUUID(void *device, char *text, unsigned length) { ENTER("uuid"); snprintf(text, length, "%s", uuid(c)); return OK; }
API int nvmlDeviceGetName(void *device, char *text, unsigned length) { ENTER("name"); snprintf(text, length, "%s", c->name); return OK; }
API int nvmlDeviceGetPciInfo_v3(void *device, PciInfo *info) { ENTER("pci"); memset(info, 0, sizeof *info); snprintf(info->bus_id, 32, "00000000:%02X:00.0", 0x19 + (int)(c - cards)); return OK; }
API int nvmlDeviceGetMigMode(void *device, unsigned *current, unsigned *pending) { ENTER("mig"); *current = *pending = c->mig; return OK; }
API int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *mj) { ENTER("energy"); *mj = energy(c); return OK; }
API int nvmlDeviceGetPowerUsage(void *device, unsigned *mw) { ENTER("power"); OPTIONAL(POWER); *mw = c->arch == 7 && strstr(c->name, "A100") ? instant(c) : average(c); return OK; }
API int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *celsius) { ENTER("temp"); OPTIONAL(TEMP); if (sensor) return INVALID; *celsius = (unsigned)(int)at(&c->series[TEMP], now(), 0); return OK; }
API int nvmlDeviceGetTemperatureThreshold(void *device, int type, unsigned *celsius) { ENTER("temp"); if (type > 3) return INVALID; *celsius = type == 0 ? 95 : 90; return OK; }
API int nvmlDeviceGetUtilizationRates(void *device, Utilization *u) { ENTER("util"); OPTIONAL(UTIL); if (c->mig) return UNSUPPORTED; u->gpu = (unsigned)at(&c->series[UTIL], now(), 0); u->memory = (unsigned)at(&c->series[MEMUTIL], now(), 0); return OK; }
API int nvmlDeviceGetMemoryInfo(void *device, MemoryV1 *m) { ENTER("memory"); OPTIONAL(TOTAL); m->total = (uint64_t)at(&c->series[TOTAL], now(), 0); m->used = (uint64_t)at(&c->series[USED], now(), 0); m->free = m->total - m->used; return OK; }
API int nvmlDeviceGetClockInfo(void *device, int type, unsigned *mhz) { ENTER("clock"); int k = type == 1 ? SM : MEM; OPTIONAL(k); *mhz = (unsigned)at(&c->series[k], now(), 0); return OK; }
/* The limit that was set outlives processes, as a card's does: it lies in a file beside the script. A fault of the name setlimit answers the setting of it. */
static double set_limit(const Card *c) {
    double mw = c->limit; char path[600]; snprintf(path, sizeof path, "%s.limit.%d", script, (int)(c - cards));
    FILE *f = *script ? fopen(path, "r") : NULL; if (f) { if (fscanf(f, "%lf", &mw) != 1) mw = c->limit; fclose(f); }
    return mw;
}
API int nvmlDeviceGetEnforcedPowerLimit(void *device, unsigned *mw) { ENTER("limit"); *mw = (unsigned)set_limit(c); return OK; }
API int nvmlDeviceGetPowerManagementLimit(void *device, unsigned *mw) { ENTER("limit"); *mw = (unsigned)set_limit(c); return OK; }
API int nvmlDeviceSetPowerManagementLimit(void *device, unsigned mw) {
    ENTER("setlimit"); if (mw < 200000 || mw > c->limit) return INVALID;
    char path[600]; snprintf(path, sizeof path, "%s.limit.%d", script, (int)(c - cards));
    FILE *f = fopen(path, "w"); if (!f) return 4; fprintf(f, "%u", mw); fclose(f); return OK;
}
API int nvmlDeviceGetPowerManagementLimitConstraints(void *device, unsigned *lowest, unsigned *highest) { ENTER("limit"); *lowest = 200000; *highest = (unsigned)c->limit; return OK; }
API int nvmlDeviceGetFanSpeed(void *device, unsigned *percent) { ENTER("fan"); OPTIONAL(FAN); *percent = (unsigned)at(&c->series[FAN], now(), 0); return OK; }
API int nvmlDeviceGetCurrentClocksThrottleReasons(void *device, unsigned long long *mask) { ENTER("reasons"); OPTIONAL(REASONS); *mask = (unsigned long long)at(&c->series[REASONS], now(), 0); return OK; }
API int nvmlDeviceGetViolationStatus(void *device, int policy, Violation *v) {
    ENTER("throttle"); int k = policy == 0 ? POWER_CAP : policy == 1 ? SW_THERMAL : -1; if (k < 0 || c->rate[k].n == 0) return UNSUPPORTED;
    v->reference_us = (uint64_t)(now() * 1e6); v->violation_ns = (uint64_t)(1e9 * integral(&c->rate[k], 0, now())); return OK;
}

#ifndef OLD_DRIVER
API int nvmlDeviceGetArchitecture(void *device, unsigned *arch) { ENTER("arch"); *arch = c->arch; return OK; }
API int nvmlDeviceGetTemperatureV(void *device, TemperatureV1 *t) { ENTER("temp"); OPTIONAL(TEMP); if (t->version != 0x0100000C) return VERSION_MISMATCH; t->temperature = (int)at(&c->series[TEMP], now(), 0); return OK; }
API int nvmlDeviceGetMarginTemperature(void *device, Margin *m) { ENTER("margin"); OPTIONAL(MARGIN); if (m->version != 0x01000008) return VERSION_MISMATCH; m->margin = (int)at(&c->series[MARGIN], now(), 0); return OK; }
API int nvmlDeviceGetMemoryInfo_v2(void *device, MemoryV2 *m) { ENTER("memory"); OPTIONAL(TOTAL); if (m->version != 0x02000028) return VERSION_MISMATCH; m->total = (uint64_t)at(&c->series[TOTAL], now(), 0); m->used = (uint64_t)at(&c->series[USED], now(), 0); m->reserved = 0; m->free = m->total - m->used; return OK; }
API int nvmlDeviceGetCurrentClocksEventReasons(void *device, unsigned long long *mask) { return nvmlDeviceGetCurrentClocksThrottleReasons(device, mask); }
#endif

static int fault(const Card *c, const char *name) {
    double t = now();
    for (int i = 0; i < c->faults; i++) if (t >= c->fault[i].from && t < c->fault[i].to && !strcmp(c->fault[i].name, name)) return c->fault[i].code;
    return OK;
}
static int field(const Card *c, FieldValue *v) {
    int code, k; v->type = 1;
    switch (v->field) {
    case 82: if ((code = fault(c, "memtemp"))) return code; if (!c->series[MEMTEMP].n) return UNSUPPORTED; v->value.u = (uint32_t)at(&c->series[MEMTEMP], now(), 0); return OK;
    case 83: if ((code = fault(c, "energy"))) return code; v->type = 3; v->value.ul = energy(c); return OK;
#ifndef OLD_DRIVER
    case 185: if ((code = fault(c, "average"))) return code; if (v->scope != 0 || (c->arch == 7 && strstr(c->name, "A100"))) return UNSUPPORTED; v->value.u = average(c); return OK;
    case 186: if ((code = fault(c, "instant"))) return code; if (v->scope != 0) return UNSUPPORTED; v->value.u = instant(c); return OK;
#endif
    case 74: k = POWER_CAP; break; case 269: k = SW_THERMAL; break; case 270: k = HW_THERMAL; break; case 271: k = BRAKE; break;
    default: return UNSUPPORTED;
    }
    if ((code = fault(c, "throttle"))) return code;
    if (!c->rate[k].n) return UNSUPPORTED;
    v->type = 3; v->value.ul = (uint64_t)llround(1e9 * integral(&c->rate[k], 0, now()));
    return OK;
}
/* Succeeds when any field does: the caller has to look at each. */
API int nvmlDeviceGetFieldValues(void *device, int n, FieldValue *values) {
    ENTER("fields"); int any = 0, last = UNSUPPORTED; struct timespec t; clock_gettime(CLOCK_REALTIME, &t);
    for (int i = 0; i < n; i++) {
        values[i].timestamp = t.tv_sec * 1000000LL + t.tv_nsec / 1000; values[i].latency = 3; values[i].value.ul = 0xdeadbeefdeadbeefULL;
        last = values[i].code = field(c, &values[i]); any |= !last;
    }
    return any ? OK : last;
}
