package dev.clave.io;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * The bytes of TensorBoard's messages, in Protocol Buffers encoding. Field numbers: Event has wall_time 1, step 2,
 * file_version 3, summary 5; Summary has value 1; Value has tag 1, simple_value 2, image 4; Image has height 1, width 2,
 * colorspace 3 (1 is grey), encoded_image_string 4.
 */
final class TensorBoardEvents {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private TensorBoardEvents() {}

    static byte[] version(double wallTime) {
        Message event = event(wallTime, 0);
        event.bytes(3, "brain.Event:2".getBytes(StandardCharsets.UTF_8));
        return event.bytes.toByteArray();
    }

    static byte[] scalar(double wallTime, long step, String tag, float number) {
        Message value = value(tag);
        value.key(2, FIXED32);
        value.little(Float.floatToRawIntBits(number), 4);
        return summary(wallTime, step, value);
    }

    static byte[] image(double wallTime, long step, String tag, int height, int width, byte[] png) {
        Message image = new Message();
        image.varint(1, height);
        image.varint(2, width);
        image.varint(3, 1);
        image.bytes(4, png);
        Message value = value(tag);
        value.bytes(4, image.bytes.toByteArray());
        return summary(wallTime, step, value);
    }

    private static Message value(String tag) {
        Message value = new Message();
        value.bytes(1, tag.getBytes(StandardCharsets.UTF_8));
        return value;
    }

    private static byte[] summary(double wallTime, long step, Message value) {
        Message summary = new Message();
        summary.bytes(1, value.bytes.toByteArray());
        Message event = event(wallTime, step);
        event.bytes(5, summary.bytes.toByteArray());
        return event.bytes.toByteArray();
    }

    private static Message event(double wallTime, long step) {
        Message event = new Message();
        event.key(1, FIXED64);
        event.little(Double.doubleToRawLongBits(wallTime), 8);
        // Zero is the default of the field, which is never written.
        if (step != 0) {
            event.varint(2, step);
        }
        return event;
    }

    /** Length, its checksum, the message, its checksum. */
    static byte[] framed(byte[] message) {
        ByteBuffer record = ByteBuffer.allocate(16 + message.length).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(message.length);
        record.putInt(masked(record.array(), 8)).put(message);
        return record.putInt(masked(message, message.length)).array();
    }

    /** CRC32C, rotated and shifted by a constant, so that a checksum of data with checksums in it stays good. */
    private static int masked(byte[] bytes, int length) {
        CRC32C sum = new CRC32C();
        sum.update(bytes, 0, length);
        int crc = (int) sum.getValue();
        return Integer.rotateRight(crc, 15) + 0xa282ead8;
    }

    private static final class Message {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        private void key(int field, int type) {
            number(((long) field << 3) | type);
        }

        private void varint(int field, long value) {
            key(field, VARINT);
            number(value);
        }

        private void bytes(int field, byte[] value) {
            key(field, BYTES);
            number(value.length);
            bytes.writeBytes(value);
        }

        private void little(long value, int count) {
            for (int i = 0; i < count; i++) {
                bytes.write((int) (value >>> (8 * i)));
            }
        }

        private void number(long value) {
            long rest = value;
            while ((rest & ~127L) != 0) {
                bytes.write((int) ((rest & 127) | 128));
                rest >>>= 7;
            }
            bytes.write((int) rest);
        }
    }
}
