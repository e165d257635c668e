using Tidings.Engine;

namespace Tidings.Server.Configuration;

/// <summary>What <c>--demo</c> changes.</summary>
internal static class DemoDefaults
{
    /// <summary>Sets what was not set: no drain, so that stopping a trial takes no time; and where no set of limits is
    /// named, sizes and rates of the tutorials, so that limits can be seen at work. One machine plays all clients: loopback has none of the rates that an
    /// address or a user has.</summary>
    /// <param name="options">The options.</param>
    /// <param name="limits">Whether no set of limits is named.</param>
    public static void Apply(TidingsOptions options, bool limits)
    {
        options.Drain ??= TimeSpan.Zero;
        options.Limits.ExemptsLoopback = true;
        if (limits)
        {
            Apply(options.Limits);
        }
    }

    private static void Apply(LimitOptions limits)
    {
        var small = Limits.Preset(LimitPreset.Small);
        limits.HardMessageBytes ??= small.HardMessageBytes;
        limits.MessageBytes ??= Math.Min(small.MessageBytes, limits.HardMessageBytes.Value);
        limits.MessagesPerSecond ??= small.Rate.PerSecond;
        limits.MessageBurst ??= small.Rate.Burst;
    }
}
