using System.Globalization;
using System.Security.Cryptography;

namespace Tidings.Server.Bench;

/// <summary>What a run does. Members are spread evenly over the channels, and so are publishers, each of which speaks into one.</summary>
internal sealed record BenchPlan
{
    public required Uri Url { get; init; }
    public required string? Token { get; init; }

    /// <summary>Text rooms, where publishers are members; otherwise channels of the channel protocol, where they are not.</summary>
    public required bool Rooms { get; init; }

    /// <summary>Members who listen.</summary>
    public required int Connections { get; init; }
    public required int Channels { get; init; }

    /// <summary>Connections that speak; at least one a channel.</summary>
    public required int Publishers { get; init; }

    /// <summary>Messages a second, of all publishers together.</summary>
    public required int Rate { get; init; }

    /// <summary>Bytes of a message's data.</summary>
    public required int Size { get; init; }
    public required TimeSpan WarmUp { get; init; }
    public required TimeSpan Duration { get; init; }

    /// <summary>What the names of channels begin with. Each run has its own.</summary>
    public required string Prefix { get; init; }

    private string Run { get; } = RandomNumberGenerator.GetHexString(6, lowercase: true);

    /// <summary>How many publishers speak into a channel at most.</summary>
    public int PublishersOfChannel => (Publishers + Channels - 1) / Channels;

    public string Path(int channel) => Rooms ? $"ws/{Name(channel)}?ping=frame" : "connect?ping=frame";

    public string Name(int channel) => string.Create(CultureInfo.InvariantCulture, $"{(Rooms ? "bench-" : Prefix + ":")}{Run}-{channel}");

    /// <summary>How many receive what is said in a channel.</summary>
    public int Receivers(int channel) => Share(Connections, channel) + (Rooms ? Share(Publishers, channel) : 0);

    private int Share(int all, int channel) => (all / Channels) + (channel < all % Channels ? 1 : 0);
}
