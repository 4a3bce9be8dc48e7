package dev.clave.onnx;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A protobuf message as a tree that can be changed and written again, every length right. For mutations. */
final class ProtoTree {
    /** Fields that hold messages, by the kind of the message around them. */
    private enum Kind {
        MODEL,
        GRAPH,
        NODE,
        ATTRIBUTE,
        TENSOR,
        PORT,
        TYPE,
        TENSOR_TYPE,
        SHAPE,
        LEAF;

        private Kind of(int field) {
            return switch (this) {
                case MODEL -> field == 7 ? GRAPH : field == 8 ? SHAPE : LEAF;
                case GRAPH -> field == 1 ? NODE : field == 5 ? TENSOR : field == 11 || field == 12 ? PORT : LEAF;
                case NODE -> field == 5 ? ATTRIBUTE : LEAF;
                case ATTRIBUTE -> field == 5 ? TENSOR : LEAF;
                case PORT -> field == 2 ? TYPE : LEAF;
                case TYPE -> field == 1 ? TENSOR_TYPE : LEAF;
                case TENSOR_TYPE -> field == 2 ? SHAPE : LEAF;
                case SHAPE -> field == 1 ? SHAPE : LEAF;
                default -> LEAF;
            };
        }
    }

    /** One field: a number, bytes, or a message. */
    private static final class Field {
        private int number;
        private int wire;
        private long whole;
        private byte[] bytes = {};
        private List<Field> children = List.of();
        private boolean message;
    }

    private final List<Field> fields;
    private final List<List<Field>> messages = new ArrayList<>();

    ProtoTree(byte[] bytes) {
        this.fields = read(bytes, 0, bytes.length, Kind.MODEL);
        collect(fields);
    }

    private void collect(List<Field> message) {
        messages.add(message);
        message.forEach(field -> {
            if (field.message) {
                collect(field.children);
            }
        });
    }

    private static List<Field> read(byte[] bytes, int from, int end, Kind kind) {
        List<Field> fields = new ArrayList<>();
        int[] at = {from};
        while (at[0] < end) {
            long key = varint(bytes, at);
            Field field = new Field();
            field.number = (int) (key >>> 3);
            field.wire = (int) (key & 7);
            if (field.wire == 0) {
                field.whole = varint(bytes, at);
            } else {
                int length = field.wire == 2 ? (int) varint(bytes, at) : field.wire == 5 ? 4 : 8;
                Kind inner = kind.of(field.number);
                field.message = field.wire == 2 && inner != Kind.LEAF;
                if (field.message) {
                    field.children = read(bytes, at[0], at[0] + length, inner);
                } else {
                    field.bytes = java.util.Arrays.copyOfRange(bytes, at[0], at[0] + length);
                }
                at[0] += length;
            }
            fields.add(field);
        }
        return fields;
    }

    private static long varint(byte[] bytes, int[] at) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte b = bytes[at[0]++];
            value |= (long) (b & 127) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }

    private static final long[] NUMBERS = {
        0, 1, 2, 3, 7, -1, -2, 13, 255, 1 << 16, Integer.MAX_VALUE, 1L << 31, 1L << 40, Long.MAX_VALUE, Long.MIN_VALUE
    };
    private static final String[] TEXTS = {
        "",
        "Conv",
        "Gemm",
        "MaxPool",
        "Reshape",
        "Concat",
        "MaxUnpool",
        "ConvTranspose",
        "Dropout",
        "MatMul",
        "axis",
        "pads",
        "strides",
        "SAME_UPPER",
        "image",
        "scores",
        "a.b",
        ".",
        "Transpose",
        "Softmax",
        "Flatten",
        "BatchNormalization",
        "Clip",
        "Constant",
        "Add",
        "AveragePool",
        "perm",
        "group",
        "kernel_shape",
        "auto_pad",
        "dilations",
        "output_shape"
    };

    /** Changes one field or more. */
    void mutate(Random random) {
        int changes = 1 + random.nextInt(3);
        for (int i = 0; i < changes; i++) {
            List<Field> message = messages.get(random.nextInt(messages.size()));
            if (!message.isEmpty()) {
                change(message, random);
            }
        }
    }

    private void change(List<Field> message, Random random) {
        int place = random.nextInt(message.size());
        Field field = message.get(place);
        switch (random.nextInt(8)) {
            case 0 -> message.remove(place);
            case 1 -> message.add(place, field);
            case 2 -> message.set(place, message.set(random.nextInt(message.size()), field));
            case 3 -> field.number = 1 + random.nextInt(22);
            case 4 -> {
                List<Field> other = messages.get(random.nextInt(messages.size()));
                if (!other.isEmpty() && other.stream().noneMatch(f -> f.message)) {
                    message.add(other.get(random.nextInt(other.size())));
                }
            }
            default -> value(field, random);
        }
    }

    private static void value(Field field, Random random) {
        if (field.wire == 0) {
            field.whole = NUMBERS[random.nextInt(NUMBERS.length)];
        } else if (field.wire == 5) {
            new Random(random.nextLong()).nextBytes(field.bytes);
        } else if (!field.message) {
            field.bytes = random.nextBoolean() || field.bytes.length == 0
                    ? TEXTS[random.nextInt(TEXTS.length)].getBytes(StandardCharsets.UTF_8)
                    : java.util.Arrays.copyOf(field.bytes, random.nextInt(2 * field.bytes.length));
        }
    }

    byte[] bytes() {
        return write(fields);
    }

    private static byte[] write(List<Field> fields) {
        java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
        for (Field field : fields) {
            if (field.wire == 0) {
                all.writeBytes(
                        new ProtoWriter().whole(field.number, field.whole).bytes());
            } else if (field.wire == 2) {
                byte[] content = field.message ? write(field.children) : field.bytes;
                all.writeBytes(new ProtoWriter().data(field.number, content).bytes());
            } else {
                all.writeBytes(key(field));
                all.writeBytes(field.bytes);
            }
        }
        return all.toByteArray();
    }

    private static byte[] key(Field field) {
        // A number below 2^28 as a varint: written as a field 0 whole without its key.
        byte[] whole = new ProtoWriter()
                .whole(1, (long) field.number << 3 | field.wire)
                .bytes();
        return java.util.Arrays.copyOfRange(whole, 1, whole.length);
    }
}
