namespace Tidings.Protocol.Tests.Frames;

/// <summary>Gives one sample in many cuttings and demands that all say the same.</summary>
internal static class EveryCutting
{
    // Up to here a sample is cut at each position; a longer one at each near its ends, and at every 997th between.
    private const int Each = 600;
    private const int Near = 20;
    private const int Stride = 997;

    public static string Same(byte[] sample, Func<IReadOnlyList<byte[]>, string> run)
    {
        var whole = run([sample]);
        foreach (var cut in Positions(sample.Length))
        {
            var halves = run([sample[..cut], sample[cut..]]);
            Assert.True(whole == halves, $"Cut at {cut} of {sample.Length}: {halves}\nWhole: {whole}\n{Convert.ToHexString(sample, 0, Math.Min(sample.Length, 200))}");
        }

        Assert.Equal(whole, run([.. sample.Select(b => new[] { b })]));

        // Segments without bytes, as a socket may give them.
        Assert.Equal(whole, run([[], .. sample.Select(b => new[] { b }).SelectMany(one => new[] { one, [] })]));
        return whole;
    }

    public static IEnumerable<int> Positions(int length) =>
        Enumerable.Range(1, Math.Max(0, length - 1)).Where(cut => length <= Each || cut <= Near || cut >= length - Near || cut % Stride == 0);
}
