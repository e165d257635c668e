namespace Tidings.Bench.Micro;

/// <summary>One step of the hot path, as often as one likes, on one thread. What it needs is made once, before.</summary>
internal abstract class Operation : IDisposable
{
    /// <summary>By the name in <c>allocation-budgets.json</c>.</summary>
    public static IReadOnlyDictionary<string, Func<Operation>> All { get; } = new Dictionary<string, Func<Operation>>
    {
        ["encode for a room"] = static () => new EncodeOperation(new Dialects.RoomDialect()),
        ["encode for /connect"] = static () => new EncodeOperation(new Dialects.ConnectDialect()),
        ["fan out to 1,000"] = static () => new FanOutOperation(1000, publishes: false),
        ["fan out to 1,000 with an event"] = static () => new FanOutOperation(1000, publishes: false, name: "paid"),
        ["fan out to 1,000 but some"] = static () => new FanOutOperation(1000, publishes: false, except: true),
        ["fan out to 1,000 on /connect"] = static () => new FanOutOperation(1000, publishes: false, dialect: new Dialects.ConnectDialect()),
        ["fan out to 1,000 on /connect with an event"] = static () => new FanOutOperation(1000, publishes: false, name: "paid", dialect: new Dialects.ConnectDialect()),
        ["fan out bytes to 1,000"] = static () => new FanOutOperation(1000, publishes: false, dialect: new Dialects.BinaryConnectDialect(new Dialects.ConnectDialect()), kind: Messages.DataKind.Binary),
        ["publish"] = static () => new FanOutOperation(0, publishes: true),
        ["publish to 1,000"] = static () => new FanOutOperation(1000, publishes: true),
        ["read a frame"] = static () => new ReadFrameOperation(),
        ["decode a publish command"] = static () => new DecodeOperation("""{"type":"publish","id":7,"channel":"chat:lobby","data":{"text":"hello","at":[1,2,3]}}"""u8),
        ["decode a subscribe command"] = static () => new DecodeOperation("""{"type":"subscribe","id":8,"channel":"chat:lobby","since":{"epoch":"0123456789abcdef","offset":17}}"""u8),
    };

    public abstract void Run();

    public virtual void Dispose()
    {
    }
}
