package dev.clave.io;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Changes to bytes and to the words of a header. The same random numbers give the same changes. */
final class Mutator {
    private static final Pattern WORD = Pattern.compile("\"[^\"]*\"|'[^']*'|-?[0-9]+|[A-Za-z_]+|[^\\s]");
    private static final List<String> NUMBERS = List.of(
            "0",
            "1",
            "-1",
            "2",
            "7",
            "8",
            "24",
            "255",
            "65536",
            "2147483647",
            "2147483648",
            "4294967296",
            "9007199254740993",
            "9223372036854775807",
            "18446744073709551616",
            "1e300",
            "-1e300",
            "1.5",
            "NaN",
            "null",
            "007");

    private Mutator() {}

    /** Bytes changed, cut out, doubled or appended anywhere; half of the changes hit the first {@code head} bytes. */
    static byte[] bytes(byte[] good, int head, Random random) {
        byte[] changed = good.clone();
        for (int i = random.nextBoolean() ? 0 : random.nextInt(4); i >= 0 && changed.length > 0; i--) {
            int reach = random.nextBoolean() ? Math.min(head, changed.length) : changed.length;
            int at = random.nextInt(reach);
            switch (random.nextInt(6)) {
                case 0, 1 -> changed[at] = (byte) random.nextInt(256);
                case 2 -> changed[at] ^= (byte) (1 << random.nextInt(8));
                case 3 -> {
                    int count = Math.min(1 + random.nextInt(16), changed.length - at);
                    byte[] shorter = Arrays.copyOf(changed, changed.length - count);
                    System.arraycopy(changed, at + count, shorter, at, changed.length - at - count);
                    changed = shorter;
                }
                case 4 -> {
                    byte[] longer = Arrays.copyOf(changed, changed.length + 1 + random.nextInt(8));
                    System.arraycopy(changed, at, longer, longer.length - changed.length + at, changed.length - at);
                    changed = longer;
                }
                default -> changed = random.nextInt(3) == 0 ? Arrays.copyOf(changed, at) : changed;
            }
        }
        return changed;
    }

    /** One to three words of a header replaced, removed, doubled, swapped or wrapped; what is between them stays. */
    static String words(String text, List<String> vocabulary, Random random) {
        List<String> words = new ArrayList<>();
        Matcher matcher = WORD.matcher(text);
        while (matcher.find()) {
            words.add(matcher.group());
        }
        for (int i = random.nextBoolean() ? 0 : random.nextInt(3); i >= 0 && !words.isEmpty(); i--) {
            change(words, vocabulary, random);
        }
        return String.join(random.nextInt(8) == 0 ? " " : "", words);
    }

    private static void change(List<String> words, List<String> vocabulary, Random random) {
        int at = random.nextInt(words.size());
        String word = words.get(at);
        boolean number = word.matches("-?[0-9]+");
        switch (random.nextInt(10)) {
            case 0 -> words.remove(at);
            case 1 -> words.add(at, word);
            case 2 -> words.set(at, words.set(random.nextInt(words.size()), word));
            case 3 -> words.add(at, vocabulary.get(random.nextInt(vocabulary.size())));
            case 4 -> {
                // A part that stands twice: a key, a range, a whole entry.
                int end = Math.min(words.size(), at + 1 + random.nextInt(24));
                words.addAll(at, List.copyOf(words.subList(at, end)));
            }
            case 5 -> {
                String opening = random.nextBoolean() ? "[" : random.nextBoolean() ? "{\"a\":" : "(";
                words.set(at, opening.repeat(random.nextInt(4) == 0 ? 20_000 : 1 + random.nextInt(40)));
            }
            default ->
                words.set(
                        at,
                        number
                                ? number(word, random)
                                : word.length() > 1
                                        ? vocabulary.get(random.nextInt(vocabulary.size()))
                                        : NUMBERS.get(random.nextInt(NUMBERS.size())));
        }
    }

    private static String number(String word, Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> String.valueOf(Long.parseLong(word.length() > 15 ? "0" : word) + 1);
            case 1 -> String.valueOf(Long.parseLong(word.length() > 15 ? "0" : word) - 1);
            default -> NUMBERS.get(random.nextInt(NUMBERS.size()));
        };
    }
}
