namespace Tidings.Conformance.Tests.Suite;

/// <summary>How much the cases with large amounts send: a part of it, or all with <c>TIDINGS_CONFORMANCE=full</c>.</summary>
internal static class SuiteSize
{
    private const int KB = 1024;

    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("TIDINGS_CONFORMANCE") == "full";

    /// <summary>Bytes of the messages that are sent in small segments.</summary>
    public static int Chopped { get; } = IsFull ? 1024 * KB : 128 * KB;

    /// <summary>Messages of 9.7 and 9.8.</summary>
    public static int RoundTrips { get; } = IsFull ? 1000 : 100;

    /// <summary>Messages of sections 12 and 13 that have <paramref name="length"/> bytes.</summary>
    public static int Compressed(int length) => IsFull ? 1000 : Math.Clamp(128 * KB / length, 2, 16);
}
