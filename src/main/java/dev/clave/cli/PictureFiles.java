package dev.clave.cli;

import dev.clave.FormatException;
import dev.clave.data.ImageDataset;
import dev.clave.data.Mnist;
import dev.clave.data.Pictures;
import dev.clave.io.NewFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Pictures with names for people.
 *
 * @param labelled whether the labels of the images are true ones
 */
record PictureFiles(ImageDataset images, List<String> names, boolean labelled) {
    private static final int SIDE = 28;

    /** Images of a dataset. */
    static PictureFiles of(ImageDataset data, int[] indices) {
        ViewCommand.check("--index", data, indices);
        List<String> names = new ArrayList<>();
        for (int index : indices) {
            names.add(data.name() + " #" + index);
        }
        return new PictureFiles(data.subset(data.name(), indices), names, true);
    }

    /**
     * All pictures of files and directories, the files of a directory by name.
     *
     * @throws FormatException naming the first file that is no picture, or holds images that are not 28x28
     */
    static PictureFiles read(List<Path> files) {
        ByteArrayOutputStream pixels = new ByteArrayOutputStream();
        List<String> names = new ArrayList<>();
        for (Path file : files) {
            for (Path one : Files.isDirectory(file) ? list(file) : List.of(file)) {
                if (isIdx(one)) {
                    ImageDataset images = Mnist.images(one);
                    if (images.height() != SIDE || images.width() != SIDE) {
                        throw new FormatException(
                                one.toString(),
                                -1,
                                "holds images of " + images.height() + "x" + images.width()
                                        + ", the network takes 28x28");
                    }
                    for (int i = 0; i < images.size(); i++) {
                        names.add(one + " #" + i);
                    }
                    pixels.writeBytes(images.pixels());
                } else {
                    names.add(one.toString());
                    pixels.writeBytes(Pictures.read(one));
                }
            }
        }
        return new PictureFiles(
                new ImageDataset("files", SIDE, SIDE, 10, pixels.toByteArray(), new int[names.size()]), names, false);
    }

    private static List<Path> list(Path directory) {
        try (Stream<Path> all = Files.list(directory)) {
            List<Path> found = all.filter(file -> Files.isRegularFile(file) && (isPicture(file) || isIdx(file)))
                    .sorted()
                    .toList();
            if (found.isEmpty()) {
                throw new FormatException(directory.toString(), -1, "holds no PNG, JPEG or IDX images");
            }
            return found;
        } catch (IOException e) {
            throw new FormatException(directory.toString(), -1, "cannot be read: " + NewFile.reason(e));
        }
    }

    private static boolean isPicture(Path file) {
        return file.toString().toLowerCase(Locale.ROOT).matches(".*\\.(png|jpg|jpeg)");
    }

    private static boolean isIdx(Path file) {
        return String.valueOf(file.getFileName())
                .toLowerCase(Locale.ROOT)
                .matches(".*(idx3-ubyte|\\.idx|\\.idx3)(\\.gz)?");
    }

    /** The true class, -1 when nobody knows. */
    int label(int index) {
        return labelled ? images.labels()[index] : -1;
    }
}
