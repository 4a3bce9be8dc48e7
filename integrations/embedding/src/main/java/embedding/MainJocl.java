package embedding;

/** The application that uses JOCL: JDK 17 and newer. */
final class MainJocl {
    private MainJocl() {}

    public static void main(String[] arguments) {
        Check check = new Check();
        check.arrays("cpu", "auto");
        check.arrays("opencl", "jocl");
        JoclHost host = new JoclHost(check.values);
        WithJocl.run(check.conv, host);
        check.same("adopted handles over jocl", host.results(check.values));
    }
}
