package dev.clave.data;

import dev.clave.FormatException;
import java.awt.Color;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;

/** Image files to samples, and samples to contact sheets and terminal text. */
public final class Pictures {
    private static final int SIDE = 28;
    private static final int SCALE = 3;
    private static final int CAPTION = 18;
    private static final Color PLAIN = new Color(0x333333);
    private static final Color MARKED = new Color(0xB24A04);
    private static final String RAMP = " .:-=+*#%@";

    private Pictures() {}

    /**
     * Reads a PNG or JPEG as 28x28 grey bytes with bright ink: colour becomes luma, transparency background, a light
     * background is inverted, the picture is scaled into the square and centred.
     *
     * @param file PNG or JPEG
     * @return the bytes
     * @throws FormatException when the file is no picture
     */
    public static byte[] read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new FormatException(file.toString(), -1, "no such file");
        }
        BufferedImage image;
        try {
            image = ImageIO.read(file.toFile());
        } catch (IOException e) {
            throw new FormatException(file.toString(), -1, "cannot be read as a picture: " + e.getMessage());
        }
        if (image == null) {
            throw new FormatException(file.toString(), -1, "not a PNG or JPEG; convert it");
        }
        image = colours(image);
        int border = 0;
        int count = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                if (x == 0 || y == 0 || x == image.getWidth() - 1 || y == image.getHeight() - 1) {
                    border += luma(image.getRGB(x, y));
                    count++;
                }
            }
        }
        boolean light = border / count > 127;
        double scale = Math.max(image.getWidth(), image.getHeight()) / (double) SIDE;
        double left = (image.getWidth() - SIDE * scale) / 2;
        double top = (image.getHeight() - SIDE * scale) / 2;
        byte[] pixels = new byte[SIDE * SIDE];
        for (int i = 0; i < pixels.length; i++) {
            int row = i / SIDE;
            pixels[i] = (byte) (int) Math.round(area(image, left + i % SIDE * scale, top + row * scale, scale, light));
        }
        return pixels;
    }

    /**
     * Grey pictures with their values as they are stored: Java takes grey for linear light, and getRGB of 128 would be 188.
     */
    private static BufferedImage colours(BufferedImage image) {
        if (image.getColorModel().getColorSpace().getType() != ColorSpace.TYPE_GRAY) {
            return image;
        }
        Raster raster = image.getRaster();
        int most = (1 << image.getColorModel().getComponentSize(0)) - 1;
        boolean clear = image.getColorModel().hasAlpha();
        BufferedImage copy = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_ARGB);
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                int grey = raster.getSample(x, y, 0) * 255 / most;
                int alpha = clear ? raster.getSample(x, y, 1) * 255 / most : 255;
                copy.setRGB(x, y, alpha << 24 | grey << 16 | grey << 8 | grey);
            }
        }
        return copy;
    }

    /** Mean ink of a square, by samples a quarter pixel of the source apart or closer. */
    private static double area(BufferedImage image, double x, double y, double size, boolean light) {
        int samples = (int) Math.min(32, Math.max(1, Math.ceil(size * 2)));
        double sum = 0;
        for (int s = 0; s < samples * samples; s++) {
            int row = s / samples;
            int px = (int) Math.floor(x + (s % samples + 0.5) * size / samples);
            int py = (int) Math.floor(y + (row + 0.5) * size / samples);
            if (px >= 0 && py >= 0 && px < image.getWidth() && py < image.getHeight()) {
                int value = luma(image.getRGB(px, py));
                sum += light ? 255 - value : value;
            }
        }
        return sum / (samples * samples);
    }

    /** Rec. 601 luma over black. */
    private static int luma(int argb) {
        int alpha = argb >>> 24;
        int grey = (299 * (argb >> 16 & 255) + 587 * (argb >> 8 & 255) + 114 * (argb & 255)) / 1000;
        return grey * alpha / 255;
    }

    /**
     * {@return a picture in characters, one line per row of pixels, two characters per pixel}
     *
     * @param data where the images are
     * @param index which one, from 0
     */
    public static List<String> lines(ImageDataset data, int index) {
        return lines(data, index, Integer.MAX_VALUE);
    }

    /**
     * As {@link #lines(ImageDataset, int)}, with one character for a pixel and every second row when two have no place.
     *
     * @param data where the images are
     * @param index which one, from 0
     * @param columns width in characters
     * @return the lines
     */
    public static List<String> lines(ImageDataset data, int index, int columns) {
        boolean wide = 2 * data.width() <= columns;
        List<String> lines = new ArrayList<>();
        for (int y = 0; y < data.height(); y += wide ? 1 : 2) {
            StringBuilder line = new StringBuilder();
            for (int x = 0; x < data.width(); x++) {
                int value = data.pixels()[(index * data.height() + y) * data.width() + x] & 255;
                char c = RAMP.charAt(value * (RAMP.length() - 1) / 255);
                line.append(c);
                if (wide) {
                    line.append(c);
                }
            }
            lines.add(line.toString().stripTrailing());
        }
        return lines;
    }

    /**
     * {@return a sample's type, shape, label and values, one line per row of pixels}
     *
     * @param data where the images are
     * @param index which one, from 0
     */
    public static List<String> values(ImageDataset data, int index) {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT,
                "%s #%d: type u8, shape [1, %d, %d], label %d, values 0 (background) to 255:",
                data.name(),
                index,
                data.height(),
                data.width(),
                data.labels()[index]));
        for (int y = 0; y < data.height(); y++) {
            StringBuilder line = new StringBuilder();
            for (int x = 0; x < data.width(); x++) {
                int value = data.pixels()[(index * data.height() + y) * data.width() + x] & 255;
                line.append(String.format(Locale.ROOT, "%4d", value));
            }
            lines.add(line.toString());
        }
        return lines;
    }

    /**
     * {@return a PNG file's bytes: the samples of the given indices, each with its index and label below}
     *
     * @param data where the images are
     * @param indices which images, from 0
     */
    public static byte[] contactSheet(ImageDataset data, int[] indices) {
        List<Caption> captions = new ArrayList<>();
        for (int index : indices) {
            captions.add(new Caption("#" + index + "  " + data.labels()[index], "", false));
        }
        return contactSheet(data, indices, captions);
    }

    /**
     * What stands below a picture.
     *
     * @param first line
     * @param second line; when it is empty everywhere the sheet has no place for it
     * @param marked whether it stands out, as a mistake does
     */
    public record Caption(String first, String second, boolean marked) {}

    /**
     * {@return a PNG file's bytes: samples with captions, which are cut when they are too long}
     *
     * @param data where the images are
     * @param indices samples in the order of the sheet
     * @param captions one for each of them
     */
    public static byte[] contactSheet(ImageDataset data, int[] indices, List<Caption> captions) {
        if (captions.size() != indices.length) {
            throw new IllegalArgumentException(
                    "contact sheet: " + indices.length + " captions are expected, got " + captions.size());
        }
        int columns = Math.min(10, Math.max(1, indices.length));
        int rows = (indices.length + columns - 1) / columns;
        int lines = captions.stream().allMatch(caption -> caption.second.isEmpty()) ? 1 : 2;
        int cellWidth = data.width() * SCALE + 12;
        int cellHeight = data.height() * SCALE + 10 + lines * CAPTION;
        BufferedImage sheet =
                new BufferedImage(columns * cellWidth + 12, rows * cellHeight + 12, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = sheet.createGraphics();
        g.setColor(new Color(0xF4F4F2));
        g.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
        g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        for (int i = 0; i < indices.length; i++) {
            int row = i / columns;
            int left = 12 + i % columns * cellWidth;
            int top = 12 + row * cellHeight;
            for (int p = 0; p < data.height() * data.width(); p++) {
                int line = p / data.width();
                int value = data.pixels()[indices[i] * data.height() * data.width() + p] & 255;
                g.setColor(new Color(value, value, value));
                g.fillRect(left + p % data.width() * SCALE, top + line * SCALE, SCALE, SCALE);
            }
            Caption caption = captions.get(i);
            int below = top + data.height() * SCALE + 14;
            int room = data.width() * SCALE;
            g.setColor(caption.marked ? MARKED : PLAIN);
            g.drawString(cut(caption.first, g.getFontMetrics(), room), left, below);
            g.drawString(cut(caption.second, g.getFontMetrics(), room), left, below + CAPTION - 3);
        }
        g.dispose();
        return png(sheet);
    }

    /** The end of a name says more than its beginning. */
    private static String cut(String text, FontMetrics metrics, int room) {
        String shown = text;
        for (int from = 1; metrics.stringWidth(shown) > room && from < text.length(); from++) {
            shown = "\u2026" + text.substring(from);
        }
        return shown;
    }

    private static byte[] png(BufferedImage sheet) {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try {
            if (!ImageIO.write(sheet, "png", png)) {
                throw new IllegalStateException("this Java has no PNG writer");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return png.toByteArray();
    }
}
