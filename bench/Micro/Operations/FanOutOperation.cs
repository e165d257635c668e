using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Connections;
using Tidings.Dialects;
using Tidings.Lanes;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Protocol.Frames;
using Tidings.Tests.Lanes;

namespace Tidings.Bench.Micro;

/// <summary>One message goes through hub, channel and lane into the queues of all subscribers, and from there to wires that take all at once.</summary>
internal sealed class FanOutOperation : Operation, IMeterFactory
{
    private const string Room = "room:lobby";

    private readonly TestLane _lane = new(TimeProvider.System);
    private readonly LaneSet _lanes = new(TimeProvider.System, NullLogger<LaneSet>.Instance);
    private readonly Meter _meter = new("micro");
    private readonly Hub _hub = new(TimeProvider.System);
    private readonly MemoryBroker _broker;
    private readonly Publication _publication = new(Room, MessageData.Text(new string('a', 128)));
    private readonly bool _publishes;
    private readonly long _subscribers;
    private readonly Message _message;
    private long _written;

    public FanOutOperation(int subscribers, bool publishes, string? name = null, bool except = false, Dialect? dialect = null, DataKind kind = DataKind.Text)
    {
        (_subscribers, _publishes) = (subscribers, publishes);
        _broker = new MemoryBroker(_hub, TimeProvider.System);
        _message = new Message { Channel = Room, Position = new StreamPosition("0123456789abcdef", 0), Time = 0, Data = _publication.Data with { Kind = kind }, Event = name, Except = except ? ExceptList.OfConnections(["5f1de0a1b2c3d4e5f607"]) : null };
        var registry = new ConnectionRegistry(_lanes, new ConnectionLimits(0, 0), TimeProvider.System, this, NullLogger.Instance);
        dialect ??= new RoomDialect();
        var settings = new ConnectionSettings { Messages = new MessageRules(1024, 1024, Text: true, Binary: false) };
        for (var i = 0; i < subscribers; i++)
        {
            var connection = new Connection(_lane, settings, new SilentHandler(), registry);
            _hub.TryJoin(new Subscription(connection, dialect), Room);
            connection.Attach(new CountingWire(this));
        }

        _lane.RunTurns();
    }

    public override void Run()
    {
        var expected = _written + _subscribers;
        if (!_publishes)
        {
            _hub.Deliver(_message);
        }
        else if (!IsAccepted(_broker.PublishAsync(_publication)))
        {
            throw new InvalidOperationException("The message was not published.");
        }

        _lane.RunTurns();
        if (_written != expected)
        {
            throw new InvalidOperationException($"{expected - _written} of {_subscribers} subscribers got nothing.");
        }
    }

    public override void Dispose()
    {
        _broker.Dispose();
        _lane.Dispose();
        _lanes.Dispose();
        _meter.Dispose();
        base.Dispose();
    }

    private static bool IsAccepted(ValueTask<StreamPosition?> publishing) => publishing.IsCompletedSuccessfully;

    Meter IMeterFactory.Create(MeterOptions options) => _meter;

    private sealed class SilentHandler : ConnectionHandler
    {
        public override string ProtocolName => "silent";

        public override void OnText(Connection connection, ReadOnlySpan<byte> text)
        {
        }
    }

    private sealed class CountingWire(FanOutOperation owner) : Wire
    {
        public override void Start(Connection connection)
        {
        }

        public override FlushResult Flush(ref OutboundQueue queue)
        {
            while (queue.Count > 0)
            {
                queue.Advance(queue.Head.Length);
                owner._written++;
            }

            return FlushResult.Drained;
        }

        public override void SetReading(bool reading)
        {
        }

        public override bool TryEndOutput() => true;

        public override void Close()
        {
        }
    }
}
