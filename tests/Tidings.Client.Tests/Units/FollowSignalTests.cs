using Tidings.Client.Transports;
using Tidings.Protocol;

namespace Tidings.Client.Tests.Units;

/// <summary>What runs for the channels that were asked for ends once others are followed, and only then.</summary>
public sealed class FollowSignalTests
{
    private readonly Channels _channels = new();

    [Fact]
    public void What_runs_ends_with_a_change_and_what_comes_next_knows_of_none()
    {
        var signal = new FollowSignal(_channels);
        using var first = signal.Next(default);
        Assert.Equal((false, false), (signal.IsSet, first.IsCancellationRequested));
        signal.Set();
        Assert.Equal((true, true), (signal.IsSet, first.IsCancellationRequested));
        using var second = signal.Next(default);
        Assert.Equal((false, false), (signal.IsSet, second.IsCancellationRequested));
    }

    [Fact]
    public void Only_other_channels_or_presence_are_a_change()
    {
        var signal = new FollowSignal(_channels);
        _channels.Names = ["a", "b"];
        Assert.Equal(2, signal.Ask().Count);
        Assert.False(Changes());
        _channels.Names = ["b", "a"];
        Assert.False(Changes());
        _channels.Names = ["a"];
        Assert.True(Changes());
        signal.Ask();
        Assert.False(Changes());
        _channels.Presence = true;
        Assert.True(Changes());

        bool Changes()
        {
            using var running = signal.Next(default);
            signal.SetIfChanged();
            return running.IsCancellationRequested;
        }
    }

    private sealed class Channels : IFollowedChannels
    {
        public IReadOnlyList<string> States => [];

        public IReadOnlyList<(string Channel, ReadOnlyMemory<byte> Info)> Infos => [];

        public bool Occupancy => false;

        public string[] Names { get; set; } = [];

        public bool Presence { get; set; }

        public string Tokens { get; set; } = "";

        public IReadOnlyList<(string Channel, StreamPosition Position)> Followed => [.. Names.Select(static name => (name, new StreamPosition("e", 1)))];
    }
}
