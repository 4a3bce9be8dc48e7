package dev.clave.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.data.BuiltInDigits;
import dev.clave.data.ImageDataset;
import dev.clave.data.Pictures;
import dev.clave.io.Json;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands as a person types them. */
class MainTest {
    private record Result(int code, String out, String err) {}

    private static Result run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        int code = line.execute(arguments);
        return new Result(code, out.toString(), err.toString());
    }

    @Test
    void trainsSavesEvaluatesAndPredicts(@TempDir Path folder) throws IOException {
        String model = folder.resolve("w.safetensors").toString();
        Path json = folder.resolve("out.json");
        Result trained = run("train", "--data", "digits", "--epochs", "1", "--save", model, "--json", json.toString());
        assertEquals(0, trained.code(), trained.err());
        assertTrue(trained.out().contains("61610 parameters"), trained.out());
        Map<?, ?> report = (Map<?, ?>) Json.parse("json", Files.readString(json));
        assertEquals(61610.0, report.get("parameters"));
        assertTrue((Double) report.get("stepMillisMedian") > 0);

        Result evaluated = run("evaluate", "--data", "digits", "--model", model);
        assertEquals(0, evaluated.code(), evaluated.err());
        String accuracy = evaluated.out().replaceAll("(?s).*acc: ([0-9.]+).*", "$1");
        assertTrue(Double.parseDouble(accuracy) > 0.9, evaluated.out());

        ImageDataset digits = BuiltInDigits.generate(8, 5);
        Path png = folder.resolve("seven.png");
        BufferedImage image = new BufferedImage(28, 28, BufferedImage.TYPE_BYTE_GRAY);
        byte[] pixels = Arrays.copyOfRange(digits.pixels(), 7 * 784, 8 * 784);
        image.getRaster().setDataElements(0, 0, 28, 28, pixels);
        assertTrue(ImageIO.write(image, "png", png.toFile()));
        Result predicted = run("predict", "--model", model, png.toString());
        assertEquals(0, predicted.code(), predicted.err());
        assertTrue(predicted.out().contains("seven.png: class 7 -"), predicted.out());
        assertEquals(2, run("predict", "--model", model).code());
        assertEquals(
                2,
                run("predict", "--data", "digits", "--model", model, "--index", "2000")
                        .code());
        assertEquals(3, run("predict", "--model", model, json.toString()).code());
        assertEquals(
                3,
                run("evaluate", "--data", "digits", "--model", json.toString()).code());
    }

    @Test
    void badOptionsHaveOneLineAndTheirExitCode() {
        check(2, "train", "--data", "digits", "--batch", "0");
        check(2, "train", "--data", "digits", "--batch", "999999");
        check(2, "train", "--data", "digits", "--epochs", "0");
        check(2, "train", "--data", "digits", "--lr", "NaN");
        check(2, "train", "--data", "digits", "--lr", "-1");
        check(2, "train", "--data", "digits", "--network", "vgg");
        check(2, "train", "--data", "digits", "--save", "/no/such/directory/w");
        check(3, "train", "--data", "/no/such/directory");
        check(4, "train", "--data", "digits", "--device", "nosuch");
    }

    private static void check(int code, String... arguments) {
        Result result = run(arguments);
        assertEquals(code, result.code(), result.err());
        assertEquals(1, result.err().lines().count(), result.err());
        assertFalse(result.err().contains("Exception"), result.err());
    }

    @Test
    void viewWritesAPicture(@TempDir Path folder) throws IOException {
        Path png = folder.resolve("sheet.png");
        assertEquals(
                0,
                run("view", "--data", "digits", "--index", "0,1,2", "--out", png.toString())
                        .code());
        assertEquals(3 * (28 * 3 + 12) + 12, ImageIO.read(png.toFile()).getWidth());
    }

    @Test
    void darkInkOnLightPaperIsTurnedRound(@TempDir Path folder) throws IOException {
        ImageDataset digits = BuiltInDigits.generate(4, 5);
        byte[] pixels = Arrays.copyOfRange(digits.pixels(), 3 * 784, 4 * 784);
        BufferedImage image = new BufferedImage(28, 28, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 784; i++) {
            int value = 255 - (pixels[i] & 255);
            image.setRGB(i % 28, i / 28, value << 16 | value << 8 | value);
        }
        Path png = folder.resolve("three.png");
        assertTrue(ImageIO.write(image, "png", png.toFile()));
        assertArrayEquals(pixels, Pictures.read(png));
    }
}
