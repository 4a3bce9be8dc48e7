package dev.clave.internal.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class JoclHandlesTest {
    @Test
    void releasedAndForeignHandlesAreRefused() {
        JoclHandles handles = new JoclHandles();
        long text = handles.add("text");
        long number = handles.add(7);
        assertNotEquals(0, text);
        assertSame("text", handles.get(text, String.class));
        assertThrows(IllegalStateException.class, () -> handles.get(number, String.class));
        assertEquals("text", handles.remove(text, String.class));
        assertThrows(IllegalStateException.class, () -> handles.remove(text, String.class));
        assertThrows(IllegalStateException.class, () -> handles.get(0, String.class));
        assertThrows(IllegalStateException.class, () -> handles.get(-1, String.class));
        assertThrows(IllegalStateException.class, () -> handles.get(99, String.class));
        assertEquals(7, handles.get(number, Integer.class));
        assertEquals(text, handles.add("next"), "numbers are used again");
    }
}
