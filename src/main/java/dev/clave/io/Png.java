package dev.clave.io;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/** Grey PNG pictures (ISO/IEC 15948), without the desktop module of the JDK. */
public final class Png {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    private static final int MOST_SIDE = 1 << 15;

    private Png() {}

    /**
     * Encodes 8-bit grey pixels.
     *
     * @param height pixels from top to bottom
     * @param width pixels from left to right
     * @param pixels bytes row by row from {@code offset} on, 0 is black
     * @param offset where the first one goes
     * @return the bytes
     * @throws IllegalArgumentException when a side is not 1 to 32,768 or the pixels end too early
     */
    public static byte[] grey(int height, int width, byte[] pixels, int offset) {
        if (height < 1 || width < 1 || height > MOST_SIDE || width > MOST_SIDE) {
            throw new IllegalArgumentException(
                    "png: a picture is 1x1 to " + MOST_SIDE + "x" + MOST_SIDE + ", got " + height + "x" + width);
        }
        if (offset < 0 || (long) height * width > (long) pixels.length - offset) {
            throw new IllegalArgumentException("png: " + height + "x" + width + " pixels from byte " + offset
                    + " on, there are " + pixels.length + " bytes");
        }
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        png.writeBytes(SIGNATURE);
        byte[] header = ByteBuffer.allocate(13)
                .putInt(width)
                .putInt(height)
                .put((byte) 8)
                .put((byte) 0)
                .array();
        chunk(png, "IHDR", header);
        chunk(png, "IDAT", deflated(height, width, pixels, offset));
        chunk(png, "IEND", new byte[0]);
        return png.toByteArray();
    }

    private static byte[] deflated(int height, int width, byte[] pixels, int offset) {
        Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DeflaterOutputStream out = new DeflaterOutputStream(bytes, deflater)) {
            for (int row = 0; row < height; row++) {
                out.write(0);
                out.write(pixels, offset + row * width, width);
            }
        } catch (java.io.IOException e) {
            throw new IllegalStateException("writing to memory failed", e);
        } finally {
            deflater.end();
        }
        return bytes.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream png, String type, byte[] data) {
        byte[] body = new byte[4 + data.length];
        System.arraycopy(type.getBytes(StandardCharsets.US_ASCII), 0, body, 0, 4);
        System.arraycopy(data, 0, body, 4, data.length);
        CRC32 crc = new CRC32();
        crc.update(body);
        png.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
        png.writeBytes(body);
        png.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }
}
