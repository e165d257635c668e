using Tidings.Options;

namespace Tidings.Server.Configuration;

/// <summary>What <c>--demo</c> changes where no set of limits is named: sizes and rates of the tutorials, so that limits can be seen at work.</summary>
internal static class DemoDefaults
{
    /// <summary>Sets what was not set.</summary>
    public static void Apply(LimitOptions limits)
    {
        var small = Limits.Preset(LimitPreset.Small);
        limits.HardMessageBytes ??= small.HardMessageBytes;
        limits.MessageBytes ??= Math.Min(small.MessageBytes, limits.HardMessageBytes.Value);
        limits.MessagesPerSecond ??= small.Rate.PerSecond;
        limits.MessageBurst ??= small.Rate.Burst;
    }
}
