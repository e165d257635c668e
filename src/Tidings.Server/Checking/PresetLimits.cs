using System.Globalization;
using System.Reflection;
using Tidings.Engine;
using Tidings.Options;

namespace Tidings.Server.Checking;

/// <summary>What each preset sets a limit to.</summary>
internal static class PresetLimits
{
    /// <summary>The value as it would be written in a configuration; 0 is no limit.</summary>
    /// <param name="limit">A property of <see cref="LimitOptions"/>.</param>
    /// <param name="preset">The preset.</param>
    public static string Write(PropertyInfo limit, LimitPreset preset) => Write(limit, Limits.Preset(preset));

    /// <summary>The same of limits in force.</summary>
    public static string Write(PropertyInfo limit, Limits limits)
    {
        if (limit.Name == nameof(LimitOptions.HistoryBytes) && limits.HistoryBytes == Limits.Preset(LimitPreset.Default).HistoryBytes)
        {
            // What it is on this machine says nothing of others.
            return "a quarter of memory";
        }

        if (limit.Name == nameof(LimitOptions.DurableBytes) && limits.DurableBytes is null)
        {
            return "a quarter of the file system";
        }

        var value = Value(limit.Name, limits);
        return OptionValue.IsSize(limit) ? OptionValue.Write(value, isSize: true) : value.ToString(CultureInfo.InvariantCulture);
    }

    private static long Value(string limit, Limits limits) => limit switch
    {
        nameof(LimitOptions.MessageBytes) => limits.MessageBytes,
        nameof(LimitOptions.HardMessageBytes) => limits.HardMessageBytes,
        nameof(LimitOptions.MessagesPerSecond) => limits.Rate.PerSecond,
        nameof(LimitOptions.MessageBurst) => limits.Rate.Burst,
        nameof(LimitOptions.BytesPerSecond) => limits.ByteRate.PerSecond,
        nameof(LimitOptions.MessagesPerSecondPerIp) => limits.RatePerIp.PerSecond,
        nameof(LimitOptions.MessagesPerSecondPerUser) => limits.RatePerUser.PerSecond,
        nameof(LimitOptions.MessagesPerSecondPerChannel) => limits.RatePerChannel.PerSecond,
        nameof(LimitOptions.ApiRequestsPerSecond) => limits.ApiRate.PerSecond,
        nameof(LimitOptions.HandshakesPerSecond) => limits.HandshakeRate.PerSecond,
        nameof(LimitOptions.HandshakesPerSecondPerIp) => limits.HandshakeRatePerIp.PerSecond,
        nameof(LimitOptions.HttpConnectionsPerIp) => limits.HttpConnectionsPerIp,
        nameof(LimitOptions.Connections) => limits.Connections,
        nameof(LimitOptions.ConnectionsPerRoom) => limits.ConnectionsPerRoom,
        nameof(LimitOptions.ConnectionsPerIp) => limits.ConnectionsPerIp,
        nameof(LimitOptions.ConnectionsPerUser) => limits.ConnectionsPerUser,
        nameof(LimitOptions.UnauthenticatedConnections) => limits.UnauthenticatedConnections,
        nameof(LimitOptions.Subscriptions) => limits.Subscriptions,
        nameof(LimitOptions.QueueBytes) => limits.QueueBytes,
        nameof(LimitOptions.HistoryBytes) => limits.HistoryBytes,
        nameof(LimitOptions.DurableBytes) => limits.DurableBytes ?? 0,
        _ => throw new ArgumentOutOfRangeException(nameof(limit), limit, "No preset is known for this limit."),
    };
}
