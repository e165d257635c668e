using Tidings.Connections;
using Tidings.Engine;

namespace Tidings.AspNetCore.Handshake;

/// <summary>What holds for new connections of a route: made anew when other limits come into force. Connections keep what they came in with.</summary>
/// <param name="limits">The limits in force.</param>
/// <param name="make">What they mean for the route.</param>
internal sealed class LiveSettings(Func<Limits> limits, Func<Limits, ConnectionSettings> make)
{
    private volatile Made? _made;

    public ConnectionSettings Current
    {
        get
        {
            var inForce = limits();
            var made = _made;
            if (made is null || !ReferenceEquals(made.Limits, inForce))
            {
                _made = made = new Made(inForce, make(inForce));
            }

            return made.Settings;
        }
    }

    /// <summary>Settings that no limit changes.</summary>
    public static LiveSettings Fixed(ConnectionSettings settings)
    {
        var none = Limits.Preset(LimitPreset.None);
        return new LiveSettings(() => none, _ => settings);
    }

    /// <summary>The same, changed.</summary>
    public LiveSettings With(Func<ConnectionSettings, ConnectionSettings> change) => new(limits, inForce => change(make(inForce)));

    private sealed record Made(Limits Limits, ConnectionSettings Settings);
}
