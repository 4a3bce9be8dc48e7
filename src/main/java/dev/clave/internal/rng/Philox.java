package dev.clave.internal.rng;

/**
 * Philox4x32-10, a counter-based generator (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). A
 * stream is the blocks of counters (index, 0, 0, stream) under the key (low, high word of the seed).
 */
public final class Philox {
    private final int key0;
    private final int key1;
    private final int stream;
    private final int[] words = new int[4];
    private int block;
    private int next = 4;
    private double spare;
    private boolean hasSpare;

    /** A stream of a seed. */
    public Philox(long seed, int stream) {
        this.key0 = (int) seed;
        this.key1 = (int) (seed >>> 32);
        this.stream = stream;
    }

    /** The four words of one counter. */
    public static void block(int key0, int key1, int c0, int c1, int c2, int c3, int[] out) {
        int k0 = key0;
        int k1 = key1;
        int a = c0;
        int b = c1;
        int c = c2;
        int d = c3;
        for (int round = 0; round < 10; round++) {
            long p0 = (a & 0xFFFFFFFFL) * 0xD2511F53L;
            long p1 = (c & 0xFFFFFFFFL) * 0xCD9E8D57L;
            a = (int) (p1 >>> 32) ^ b ^ k0;
            b = (int) p1;
            c = (int) (p0 >>> 32) ^ d ^ k1;
            d = (int) p0;
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        out[0] = a;
        out[1] = b;
        out[2] = c;
        out[3] = d;
    }

    /** The next 32 bits. */
    public int nextInt() {
        if (next == 4) {
            block(key0, key1, block++, 0, 0, stream, words);
            next = 0;
        }
        return words[next++];
    }

    /** Uniform in [0, 1), a multiple of 2^-24. */
    public float nextFloat() {
        return (nextInt() >>> 8) * 0x1p-24f;
    }

    /** Standard normal, two from every pair of words ({@link BoxMuller}). The same bits on every machine. */
    public double nextNormal() {
        if (hasSpare) {
            hasSpare = false;
            return spare;
        }
        int first = nextInt();
        int second = nextInt();
        spare = BoxMuller.normal(first, second, true);
        hasSpare = true;
        return BoxMuller.normal(first, second, false);
    }

    /** Uniform in [0, bound) without bias (Lemire's rejection). */
    public int nextInt(int bound) {
        long product = (nextInt() & 0xFFFFFFFFL) * bound;
        long threshold = (1L << 32) % bound;
        while ((product & 0xFFFFFFFFL) < threshold) {
            product = (nextInt() & 0xFFFFFFFFL) * bound;
        }
        return (int) (product >>> 32);
    }

    /** Shuffles in place (Fisher and Yates). */
    public void shuffle(int[] values) {
        for (int i = values.length - 1; i > 0; i--) {
            int j = nextInt(i + 1);
            int held = values[i];
            values[i] = values[j];
            values[j] = held;
        }
    }
}
