package embedding;

/** The application that uses java.lang.foreign: JDK 22 and newer, with no JOCL on its class path. */
final class MainFfm {
    private MainFfm() {}

    public static void main(String[] arguments) {
        Check check = new Check();
        FfmHost host = new FfmHost(check.values);
        WithFfm.run(check.conv, host);
        check.same("adopted handles over ffm", host.results(check.values));
        check.arrays("cpu", "auto");
        check.arrays("opencl", "ffm");
    }
}
