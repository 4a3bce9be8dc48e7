package dev.clave;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.internal.LeakReports;
import dev.clave.op.Conv2d;
import dev.clave.op.Format;
import dev.clave.op.Invocation;
import dev.clave.op.Operators;
import dev.clave.op.Problem;
import dev.clave.op.Sgd;
import dev.clave.op.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Threads that share a device. */
class ThreadsTest {
    private static final int THREADS = 16;
    private static final int ROUNDS = 25;

    private static List<Device> devices() {
        List<Device> devices = new ArrayList<>(List.of(Device.cpu()));
        for (int i = 0; i < Device.list().size(); i++) {
            devices.add(Device.open(String.valueOf(i)));
        }
        return devices;
    }

    private static float[] random(int seed, int count) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        return values;
    }

    private static Tensor tensor(Device device, int seed, int... shape) {
        Shape extents = Shape.of(shape);
        return device.allocate(DType.F32, extents).write(random(seed, extents.elements()));
    }

    /** Gradient descent on the weights of a convolution: sizes, buffers, scalars and views of the worker's own. */
    private static float[] work(Device device, int worker) {
        int channels = 1 + worker % 3;
        Conv2d conv = new Conv2d(2, channels, 9, 9, 4, Window.of(3, 3), 1, false);
        Problem forward = conv.problem("forward", Format.NCHW);
        Problem backward = conv.problem("backwardWeight", Format.NCHW);
        int weights = 4 * channels * 9;
        try (Tensor input = tensor(device, worker, 2, channels, 9, 9);
                Tensor weight = tensor(device, worker + 100, 4, channels, 3, 3);
                Tensor output = tensor(device, 0, 2, 4, 7, 7);
                Tensor gradient = tensor(device, 0, 4, channels, 3, 3);
                Tensor velocity = device.allocate(DType.F32, Shape.of(weights)).write(new float[weights]);
                Invocation run = Operators.prepare(device, forward);
                Invocation back = Operators.prepare(device, backward);
                Invocation update =
                        Operators.prepare(device, new Sgd(weights, 0.9, 0, false).problem("forward", Format.NCHW))) {
            run.bind("input", input).bind("weight", weight).bind("output", output);
            back.bind("input", input).bind("gradOutput", output).bind("gradWeight", gradient);
            update.bind("parameter", weight).bind("gradient", gradient).bind("velocity", velocity);
            for (int round = 0; round < ROUNDS; round++) {
                run.run();
                back.run();
                update.set("learning_rate", 0.001 / (1 + worker + round)).run();
                if (round % 8 == worker % 8) {
                    device.finish();
                    try (Tensor view = weight.view(0, weight.shape())) {
                        view.readFloats();
                    }
                }
            }
            return weight.readFloats();
        }
    }

    @Test
    void sixteenThreadsComputeWhatOneDoes() throws Exception {
        for (Device device : devices()) {
            // First the threads: programs are built by all of them at once.
            ExecutorService pool = Executors.newFixedThreadPool(THREADS);
            try (device) {
                CountDownLatch start = new CountDownLatch(1);
                List<Future<float[]>> results = new ArrayList<>();
                for (int i = 0; i < THREADS; i++) {
                    int worker = i;
                    results.add(pool.submit(() -> {
                        start.await();
                        return work(device, worker);
                    }));
                }
                start.countDown();
                for (int i = 0; i < THREADS; i++) {
                    float[] parallel = results.get(i).get();
                    assertArrayEquals(work(device, i), parallel, "worker " + i + " on " + device.name());
                }
                assertEquals(0, device.liveBytes());
            } finally {
                pool.shutdown();
            }
        }
    }

    /** A close waits for the call under way; the next call says that the device is closed. */
    @Test
    void closingDuringRunsEndsThemWithAMessage(LeakReports leaks) throws Exception {
        for (Device device : devices()) {
            ExecutorService pool = Executors.newFixedThreadPool(4);
            try {
                CountDownLatch running = new CountDownLatch(4);
                List<Future<?>> results = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    int worker = i;
                    results.add(pool.submit(() -> {
                        work(device, worker);
                        running.countDown();
                        while (true) {
                            work(device, worker);
                        }
                    }));
                }
                running.await();
                device.close();
                for (Future<?> result : results) {
                    Throwable cause =
                            assertThrows(ExecutionException.class, result::get).getCause();
                    assertEquals(IllegalStateException.class, cause.getClass(), String.valueOf(cause));
                    assertTrue(String.valueOf(cause.getMessage()).contains("closed"), cause.getMessage());
                }
                leaks.take(); // what the workers held at that moment
                assertEquals(0, device.liveBytes());
            } finally {
                pool.shutdown();
            }
        }
    }

    /** Not allowed, and still no crash: the calls of another thread find the tensor closed. */
    @Test
    void tensorClosedByAnotherThreadIsRefused() throws Exception {
        for (Device device : devices()) {
            try (device) {
                for (int round = 0; round < 20; round++) {
                    Tensor tensor = tensor(device, round, 1000);
                    Thread closer = new Thread(tensor::close);
                    closer.start();
                    String message = assertThrows(IllegalStateException.class, () -> {
                                while (true) {
                                    tensor.readFloats();
                                }
                            })
                            .getMessage();
                    assertTrue(message.contains("tensor F32[1000]"), message);
                    closer.join();
                }
            }
        }
    }
}
