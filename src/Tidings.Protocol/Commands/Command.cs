namespace Tidings.Protocol.Commands;

/// <summary>What a client asks for.</summary>
internal enum CommandType : byte
{
    /// <summary>None that is known; no command that was accepted has it.</summary>
    Unknown,
    Auth,
    Subscribe,
    Unsubscribe,
    Publish,
    Send,
    Presence,
    History,
    Track,
    Call,
    Ping,
    Pong,
    Quit,

    /// <summary>Begins the session, in dialects whose sessions begin by a command. No command of <c>/connect</c>.</summary>
    Open,
}

/// <summary>One channel of a <c>subscribe</c>.</summary>
internal sealed class SubscribeRequest
{
    // What few subscriptions have.
    private Rarities? _rarities;

    public string Channel { get; set; } = "";

    /// <summary>After which message to go on.</summary>
    public StreamPosition? Since { get; set; }

    /// <summary>How many of the newest messages to begin with, from 0; null where nothing was said.</summary>
    public int? Last { get; set; }

    /// <summary>Whether joins and leaves are wanted.</summary>
    public bool Presence { get; set; }

    /// <summary>Whether it is wanted how many subscribe.</summary>
    public bool Occupancy { get; set; }

    /// <summary>What proves the right to subscribe or to sign in, in dialects that have signatures; or null.</summary>
    public SignedText? Proof
    {
        get => _rarities?.Proof;
        set => Set(value is not null)?.Proof = value;
    }

    /// <summary>JSON on one line that the connection says of its member, of a <c>subscribe</c> or <c>track</c>; empty where it says nothing.</summary>
    public ReadOnlyMemory<byte> Info
    {
        get => _rarities?.Info ?? default;
        set => Set(!value.IsEmpty)?.Info = value;
    }

    /// <summary>Whether only the newest message per key is wanted while the connection lags.</summary>
    public bool Conflate { get; set; }

    /// <summary>Whether the newest message of each key comes before what is new.</summary>
    public bool State { get; set; }

    /// <summary>Whether messages may come as what changed since the one before.</summary>
    public bool Changes { get; set; }

    /// <summary>A token that grants this subscription; null where the connection's own rights are to do.</summary>
    public string? Token { get; set; }

    /// <summary>Whether nothing begins where messages after <see cref="Since"/> are gone.</summary>
    public bool MustRecover { get; set; }

    /// <summary>Whether only a subscription that is there already is to go on, with a newer token.</summary>
    public bool OnlyRenews { get; set; }

    private Rarities? Set(bool needed) => needed ? _rarities ??= new Rarities() : _rarities;

    private sealed class Rarities
    {
        public SignedText? Proof;
        public ReadOnlyMemory<byte> Info;
    }
}

/// <summary>A signature, and what beside the connection and the channel it signs.</summary>
internal sealed record SignedText(string? Signature, string? Text);

/// <summary>A command of the channel protocol, checked. Which members mean something depends on <see cref="Type"/>.</summary>
internal sealed class Command
{
    // What the commands that come most often don't have.
    private Rarities? _rarities;

    public CommandType Type { get; set; }

    /// <summary>The client's <c>id</c> as it was written, a JSON number or string; empty where there is none.</summary>
    public ReadOnlyMemory<byte> Id { get; set; }

    /// <summary>Channel, position and wishes, as <c>subscribe</c>, <c>history</c> and others of one channel have them.</summary>
    public SubscribeRequest Target { get; } = new();

    /// <summary>The channels of a <c>subscribe</c> to several; null where there is one.</summary>
    public List<SubscribeRequest>? Targets { get; set; }

    /// <summary>One JSON value, as it was written but for line breaks; empty where <see cref="Bytes"/> stand in its place.</summary>
    public ReadOnlyMemory<byte> Data { get; set; }

    /// <summary>The binary payload of a <c>publish</c>; null where it is JSON.</summary>
    public ReadOnlyMemory<byte>? Bytes
    {
        get => _rarities?.Bytes;
        set => Set(value is not null)?.Bytes = value;
    }

    /// <summary>How many bytes of content it brings.</summary>
    public int ContentBytes => Data.Length + (Bytes?.Length ?? 0) + Target.Info.Length;

    public string? Key { get; set; }
    public string? IdempotencyKey { get; set; }
    public bool Durable { get; set; }
    public bool Ephemeral { get; set; }

    /// <summary>Whether the connection that publishes does not want to hear it.</summary>
    public bool Except { get; set; }

    /// <summary>Whether the key is taken out of the channel's state; there is then no data.</summary>
    public bool Remove { get; set; }

    /// <summary>The name of the event that a message is, or null.</summary>
    public string? Event
    {
        get => _rarities?.Event;
        set => Set(value is not null)?.Event = value;
    }

    /// <summary>The user or connection of a <c>send</c>.</summary>
    public string? To
    {
        get => _rarities?.To;
        set => Set(value is not null)?.To = value;
    }

    /// <summary>The dialect's own word for the command, where several words are one type; or null.</summary>
    public string? Word
    {
        get => _rarities?.Word;
        set => Set(value is not null)?.Word = value;
    }

    public string? Method
    {
        get => _rarities?.Method;
        set => Set(value is not null)?.Method = value;
    }

    /// <summary>The token of an <c>auth</c>, or of a <c>subscribe</c> to one channel.</summary>
    public string? Token => Target.Token;

    /// <summary>Before which message a part of the log ends, or null.</summary>
    public StreamPosition? Before
    {
        get => _rarities?.Before;
        set => Set(value is not null)?.Before = value;
    }

    /// <summary>Whether a part of the log begins with the oldest message there is.</summary>
    public bool FromOldest { get; set; }

    /// <summary>The most messages or members that are wanted, from 0; null where nothing was said.</summary>
    public int? Limit { get; set; }

    private Rarities? Set(bool needed) => needed ? _rarities ??= new Rarities() : _rarities;

    private sealed class Rarities
    {
        public string? Event;
        public string? To;
        public string? Word;
        public string? Method;
        public StreamPosition? Before;
        public ReadOnlyMemory<byte>? Bytes;
    }
}

/// <summary>What is wrong with a command.</summary>
/// <param name="Error">The text that the client gets.</param>
/// <param name="Details">Fields and what is wrong with each; empty where the text was no JSON at all.</param>
internal sealed record CommandFault(string Error, IReadOnlyList<FieldFault> Details)
{
    public static readonly CommandFault Json = new("Invalid JSON format", []);

    /// <summary>Whether nothing more can be understood of a peer that says this, and the connection ends.</summary>
    public bool Ends { get; init; }

    public static CommandFault Fields(params IReadOnlyList<FieldFault> details) => new("Invalid message format", details);
}

internal sealed record FieldFault(string Field, string Message);
