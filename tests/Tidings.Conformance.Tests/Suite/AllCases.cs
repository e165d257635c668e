namespace Tidings.Conformance.Tests.Suite;

/// <summary>The whole suite, by number.</summary>
internal static class AllCases
{
    /// <summary>How many cases each section has: 517 together.</summary>
    public static readonly IReadOnlyDictionary<int, int> PerSection = new Dictionary<int, int>
    {
        [1] = 16, [2] = 11, [3] = 7, [4] = 10, [5] = 20, [6] = 145, [7] = 37, [9] = 54, [10] = 1, [12] = 90, [13] = 126,
    };

    public static IReadOnlyDictionary<string, SuiteCase> ById { get; } = new[]
    {
        Section1To4.Cases, Section5.Cases, Section6.Cases, Section7.Cases, Section9And10.Cases, Section12And13.Cases,
    }.SelectMany(static cases => cases).ToDictionary(static @case => @case.Id);

    public static TheoryData<string> Of(int section) => [.. ById.Values.Where(@case => @case.Section == section).Select(@case => @case.Id)];
}
