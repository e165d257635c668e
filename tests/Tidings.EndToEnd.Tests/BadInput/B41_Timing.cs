using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tidings.AspNetCore.Keys;
using Tidings.Connections;
using Tidings.Quotas;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>How long an answer takes tells nothing of a key, as CVE-2021-33880: neither its length nor how much of a guess is right.</summary>
public sealed class B41_Timing(ITestOutputHelper output)
{
    private const string Key = "0123456789abcdef0123456789abcde0";
    private const int Samples = 100_000;

    // A difference of the means that chance alone makes in one of some hundred thousand runs.
    private const double Suspicious = 4.5;

    [Fact]
    public void A_guess_that_is_nearly_right_takes_as_long_as_one_that_is_all_wrong()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var metrics = new ConnectionMetrics(services.GetRequiredService<IMeterFactory>(), static () => 0);
        var key = new ServerKey([("Tidings:ApiKey", Key), ("Tidings:AdminKey", "another key of 32 characters ...")], RateLimit.None, trustsLocal: false, TimeProvider.System, metrics, new RecentRefusals(TimeProvider.System));
        var (one, other) = (Request(Key[..^1] + "X"), Request("X" + Key[1..]));
        Measure(key, one, other);

        // What leaks leaks each time; a machine that is busy with something else does not.
        var least = double.MaxValue;
        for (var run = 0; run < 5 && least >= Suspicious; run++)
        {
            var t = Math.Abs(Measure(key, one, other));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"t = {t:F2}"));
            least = Math.Min(least, t);
        }

        Assert.InRange(least, 0, Suspicious);
    }

    // Welch's t of two interleaved series, without the slow tenth, in which interrupts are.
    private static double Measure(ServerKey key, HttpRequest one, HttpRequest other)
    {
        var random = new Random(1);
        var times = new List<long>[] { new(Samples), new(Samples) };
        for (var i = 0; i < 2 * Samples; i++)
        {
            var which = random.Next(2);
            var request = which == 0 ? one : other;
            var started = Stopwatch.GetTimestamp();
            key.Refuse(request, out _);
            times[which].Add(Stopwatch.GetTimestamp() - started);
        }

        var bound = times.SelectMany(static series => series).Order().ElementAt(2 * Samples * 9 / 10);
        var (a, b) = (Moments(times[0], bound), Moments(times[1], bound));
        return (a.Mean - b.Mean) / Math.Sqrt((a.Variance / a.Count) + (b.Variance / b.Count));
    }

    private static (double Mean, double Variance, int Count) Moments(List<long> times, long bound)
    {
        var kept = times.Where(time => time <= bound).ToList();
        var mean = kept.Average();
        return (mean, kept.Sum(time => (time - mean) * (time - mean)) / (kept.Count - 1), kept.Count);
    }

    private static HttpRequest Request(string key)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Loopback;
        context.Request.Headers.Authorization = "Bearer " + key;
        return context.Request;
    }
}
