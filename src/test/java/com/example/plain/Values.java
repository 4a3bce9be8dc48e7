package com.example.plain;

import dev.clave.spi.HostMemory;
import dev.clave.spi.Memory;

/** The numbers of a tensor, wherever they are. */
interface Values {
    double get(int index);

    void set(int index, double value);

    static Values of(Memory memory) {
        if (memory instanceof HostMemory host) {
            return ofArray(host.array(), host.offset());
        }
        DirectMemory direct = (DirectMemory) memory;
        boolean wide = direct.dtype() == dev.clave.DType.F64;
        return new Values() {
            @Override
            public double get(int i) {
                return wide ? direct.bytes().getDouble(8 * i) : direct.bytes().getFloat(4 * i);
            }

            @Override
            public void set(int i, double value) {
                if (wide) {
                    direct.bytes().putDouble(8 * i, value);
                } else {
                    direct.bytes().putFloat(4 * i, (float) value);
                }
            }
        };
    }

    private static Values ofArray(Object array, int offset) {
        return new Values() {
            @Override
            public double get(int i) {
                return array instanceof float[] floats ? floats[offset + i] : ((double[]) array)[offset + i];
            }

            @Override
            public void set(int i, double value) {
                if (array instanceof float[] floats) {
                    floats[offset + i] = (float) value;
                } else {
                    ((double[]) array)[offset + i] = value;
                }
            }
        };
    }
}
