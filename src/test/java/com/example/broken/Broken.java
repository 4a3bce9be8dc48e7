package com.example.broken;

import dev.clave.Device;
import dev.clave.spi.Backend;
import java.util.List;

/** Backends with one fault each, all of a priority above everything else. */
public abstract class Broken implements Backend {
    private final String name;

    private Broken(String name) {
        this.name = name;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int priority() {
        return 1000;
    }

    @Override
    public Availability availability() {
        return Availability.yes();
    }

    @Override
    public List<Description> devices() {
        return List.of(new Description(new Device.Info(name, "com.example", "Broken " + name, "1", "none", true, 1)));
    }

    @Override
    public Device open(int index) {
        throw new IllegalStateException("the fan is off");
    }

    /** Lists a device and does not open it. */
    public static final class Unopenable extends Broken {
        /** For the loader. */
        public Unopenable() {
            super("unopenable");
        }
    }

    /** Says why there is none. */
    public static final class Absent extends Broken {
        /** For the loader. */
        public Absent() {
            super("absent");
        }

        @Override
        public Availability availability() {
            return Availability.no("no licence in /etc/acme");
        }
    }

    /** Its native part is missing. */
    public static final class Unlinked extends Broken {
        /** For the loader. */
        public Unlinked() {
            super("unlinked");
        }

        @Override
        public Availability availability() {
            throw new UnsatisfiedLinkError("no acme in java.library.path");
        }
    }

    /** Fails when it lists. */
    public static final class Failing extends Broken {
        /** For the loader. */
        public Failing() {
            super("failing");
        }

        @Override
        public List<Description> devices() {
            throw new IllegalStateException("devices cannot be counted");
        }
    }

    /** Claims a name that is taken. */
    public static final class Thief extends Broken {
        /** For the loader. */
        public Thief() {
            super("opencl");
        }
    }

    /** Its devices are of another kind. */
    public static final class Disguised extends Broken {
        /** For the loader. */
        public Disguised() {
            super("disguised");
        }

        @Override
        public List<Description> devices() {
            return List.of(new Description(new Device.Info("opencl", "com.example", "No GPU", "1", "none", true, 1)));
        }
    }

    /** A name nobody can type. */
    public static final class Misnamed extends Broken {
        /** For the loader. */
        public Misnamed() {
            super("No Name");
        }
    }

    /** Not even its name can be asked for. */
    public static final class Nameless extends Broken {
        /** For the loader. */
        public Nameless() {
            super("nameless");
        }

        @Override
        public String name() {
            throw new IllegalStateException("who knows");
        }
    }

    /** Cannot be made. */
    public static final class Unmade extends Broken {
        /** For the loader. */
        public Unmade() {
            super("unmade");
            throw new IllegalStateException("not today");
        }
    }
}
