/* The same steps as geooffers/matching/kernel.py on the same arrays, in C with prefetches: how fast this machine could
 * go. Before what is left open is settled. Compiled and called by benchmarks/matching.py.
 */
#include <math.h>
#include <stdint.h>

#define BATCH 256
#define LEVELS 8
#define CANDIDATES 65536
#define MASK36 ((1ULL << 36) - 1)

static const int SHIFTS[LEVELS] = {0, 2, 4, 6, 8, 10, 12, 14};

typedef struct {
    const uint8_t *narrowing, *there;
    const int64_t *slots;
    const uint32_t *entries;
    int64_t homes, stride, circle_count;
    const double *circles, *polygons;
    const uint32_t *slab_begins;
    const uint16_t *slab_edges;
    const double *vertices;
} Base;

static int in_slab(const Base *b, int64_t first, int64_t begin, int64_t end, double lon, double lat)
{
    int odd = 0;
    for (int64_t i = begin; i < end; i++) {
        const double *v = b->vertices + 2 * (first + b->slab_edges[i]);
        double south = v[1], north = v[3];
        if ((south > lat) != (north > lat)) {
            double one = (v[2] - v[0]) * (lat - south), other = (lon - v[0]) * (north - south), side = one - other;
            if (fabs(side) <= 3.4e-16 * (fabs(one) + fabs(other)) + 1e-290)
                return 2;
            odd ^= (side > 0) == (north > south);
        } else if (south == lat || north == lat) {
            if (south == north) {
                if ((v[0] <= lon && lon <= v[2]) || (v[2] <= lon && lon <= v[0]))
                    return 2;
            } else if (lon == (south == lat ? v[0] : v[2]))
                return 2;
        }
    }
    return odd;
}

static int turned(const Base *b, const double *r, double lon, double lat)
{
    int side = 0;
    int64_t slab = (int64_t)((lat - r[1]) * r[4]), last = (int64_t)r[6];
    slab = (int64_t)r[5] + (slab < last ? slab : last);
    for (int turn = -2; turn <= 2 && side != 1; turn++) {
        double x = lon + 360.0 * turn;
        if (r[0] <= x && x <= r[2]) {
            int says = in_slab(b, (int64_t)r[7], b->slab_begins[slab], b->slab_begins[slab + 1], x, lat);
            side = says ? says : side;
        }
    }
    return side;
}

/* Returns the number of pairs; those left open follow from the end of the arrays. */
int64_t inside(const Base *b, const double *lat, const double *lon, int64_t count, int64_t *out_point,
               int64_t *out_fence, int64_t room, int64_t *opens)
{
    static int64_t key[BATCH * LEVELS], at[BATCH * LEVELS], whose[BATCH * LEVELS];
    static int64_t c_point[CANDIDATES], c_fence[CANDIDATES], p_point[CANDIDATES], p_fence[CANDIDATES];
    static int64_t slab[CANDIDATES], from[CANDIDATES], to[CANDIDATES];
    static double space[BATCH][3];
    static uint8_t placed[BATCH];
    int64_t pairs = 0, open = 0;
    for (int64_t begin = 0; begin < count; begin += BATCH) {
        int64_t end = begin + BATCH < count ? begin + BATCH : count, probes = 0, found = 0, cs = 0, ps = 0, boxed = 0;
        for (int64_t i = begin; i < end; i++) {
            placed[i - begin] = 0;
            int64_t row = (int64_t)((lat[i] + 90.0) * (65536 / 180.0));
            row = row < 65536 ? row : 65535;
            int64_t column = (int64_t)((lon[i] + 180.0) * (65536 / 180.0)) & 131071;
            unsigned levels = b->there[(row >> 7) << 10 | column >> 7];
            int64_t base = 0;
            for (int n = 0; n < LEVELS; n++) {
                int64_t on = row >> SHIFTS[n];
                if (levels >> n & 1) {
                    int64_t narrow = SHIFTS[n] + b->narrowing[base + on];
                    uint64_t k = ((uint64_t)n << 33 | on << 17 | column >> narrow) * 0x9E3779B97ULL & MASK36;
                    key[probes] = k;
                    at[probes] = (k >> 32) * b->stride + ((k & 0xFFFFFFFF) * b->homes >> 32);
                    whose[probes] = i;
                    __builtin_prefetch(b->slots + at[probes++]);
                }
                base += 65536 >> SHIFTS[n];
            }
        }
        for (int64_t j = 0; j < probes; j++) {
            int64_t a = at[j];
            uint32_t low = (uint32_t)key[j];
            while (b->slots[a] != -1 && (uint32_t)(b->slots[a] >> 32) < low)
                a++;
            if (b->slots[a] != -1 && (uint32_t)(b->slots[a] >> 32) == low) {
                at[found] = b->slots[a] & 0xFFFFFFFF;
                whose[found] = whose[j];
                __builtin_prefetch(b->entries + at[found++]);
            }
        }
        for (int64_t j = 0; j < found; j++)
            for (int64_t a = at[j];; a++) {
                uint32_t entry = b->entries[a];
                int64_t fence = entry >> 2;
                if (pairs + open + 2 >= room || cs >= CANDIDATES - 1 || ps >= CANDIDATES - 1)
                    return -1;
                if (entry & 2) {
                    out_point[pairs] = whose[j];
                    out_fence[pairs++] = fence;
                } else if (fence < b->circle_count) {
                    c_point[cs] = whose[j];
                    c_fence[cs++] = fence;
                    __builtin_prefetch(b->circles + 4 * fence);
                } else {
                    p_point[ps] = whose[j];
                    p_fence[ps++] = fence;
                    __builtin_prefetch(b->polygons + 8 * (fence - b->circle_count));
                }
                if (entry & 1)
                    break;
            }
        if (pairs + open + cs + ps >= room)
            return -1;
        for (int64_t j = 0; j < cs; j++) {
            int64_t i = c_point[j], h = i - begin;
            if (!placed[h]) {
                double phi = lat[i] * (M_PI / 180), lam = lon[i] * (M_PI / 180), s = sin(phi), c = cos(phi);
                const double e2 = (1 / 298.257223563) * (2 - 1 / 298.257223563);
                double across = 6378137.0 / sqrt(1 - e2 * s * s);
                space[h][0] = across * c * cos(lam);
                space[h][1] = across * c * sin(lam);
                space[h][2] = across * (1 - e2) * s;
                placed[h] = 1;
            }
            const double *r = b->circles + 4 * c_fence[j];
            double x = r[0] - space[h][0], y = r[1] - space[h][1], z = r[2] - space[h][2];
            double over = x * x + y * y + z * z - r[3], margin = r[3] * (1e-7 + 2e-16 * r[3]) + 1e-7;
            out_point[pairs] = i;
            out_fence[pairs] = c_fence[j];
            pairs += over < -margin;
            if (fabs(over) <= margin) {
                out_point[room - ++open] = i;
                out_fence[room - open] = c_fence[j];
            }
        }
        for (int64_t j = 0; j < ps; j++) {
            int64_t i = p_point[j];
            const double *r = b->polygons + 8 * (p_fence[j] - b->circle_count);
            if (!(r[1] <= lat[i] && lat[i] <= r[3]))
                continue;
            if (r[0] <= -180 || r[2] >= 180) {
                int says = turned(b, r, lon[i], lat[i]);
                out_point[pairs] = i;
                out_fence[pairs] = p_fence[j];
                pairs += says == 1;
                if (says == 2) {
                    out_point[room - ++open] = i;
                    out_fence[room - open] = p_fence[j];
                }
            } else if (r[0] <= lon[i] && lon[i] <= r[2]) {
                int64_t s = (int64_t)((lat[i] - r[1]) * r[4]), last = (int64_t)r[6];
                p_point[boxed] = i;
                p_fence[boxed] = p_fence[j];
                slab[boxed] = (int64_t)r[5] + (s < last ? s : last);
                __builtin_prefetch(b->slab_begins + slab[boxed++]);
            }
        }
        for (int64_t j = 0; j < boxed; j++) {
            from[j] = b->slab_begins[slab[j]];
            to[j] = b->slab_begins[slab[j] + 1];
            __builtin_prefetch(b->slab_edges + from[j]);
        }
        for (int64_t j = 0; j < boxed; j++) {
            int64_t first = (int64_t)b->polygons[8 * (p_fence[j] - b->circle_count) + 7];
            for (int64_t e = from[j]; e < to[j]; e++)
                __builtin_prefetch(b->vertices + 2 * (first + b->slab_edges[e]));
            slab[j] = first;
        }
        for (int64_t j = 0; j < boxed; j++) {
            int says = in_slab(b, slab[j], from[j], to[j], lon[p_point[j]], lat[p_point[j]]);
            out_point[pairs] = p_point[j];
            out_fence[pairs] = p_fence[j];
            pairs += says == 1;
            if (says == 2) {
                out_point[room - ++open] = p_point[j];
                out_fence[room - open] = p_fence[j];
            }
        }
    }
    *opens = open;
    return pairs;
}
