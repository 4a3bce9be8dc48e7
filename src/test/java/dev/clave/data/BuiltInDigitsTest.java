package dev.clave.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

class BuiltInDigitsTest {
    @Test
    void samePixelsOnEveryMachine() {
        CRC32 crc = new CRC32();
        crc.update(BuiltInDigits.generate(200, 1).pixels());
        assertEquals(3482917131L, crc.getValue());
    }

    @Test
    void aSampleDoesNotDependOnTheCount() {
        byte[] few = BuiltInDigits.generate(20, 7).pixels();
        byte[] many = BuiltInDigits.generate(50, 7).pixels();
        assertArrayEquals(few, Arrays.copyOf(many, few.length));
        assertThrows(IllegalArgumentException.class, () -> BuiltInDigits.generate(0, 1));
    }
}
