namespace Tidings.Protocol.Catalog;

/// <summary>Who says a message.</summary>
internal enum MessageSender : byte
{
    Client,
    Server,
}

/// <summary>One kind of message of the channel protocol.</summary>
/// <param name="Sender">Who says it.</param>
/// <param name="Type">Its <c>type</c>.</param>
/// <param name="Summary">What it is for.</param>
/// <param name="Fields">What it bears besides <c>type</c>.</param>
internal sealed record ProtocolMessage(MessageSender Sender, string Type, string Summary, params ProtocolField[] Fields)
{
    /// <summary>The types that answer it, besides <c>error</c>; empty where nothing does.</summary>
    public string[] Replies { get; init; } = [];
}

/// <summary>A field of a message.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">A type of JSON Schema, <c>id</c> for a number or string, <c>any</c>, or <c>position</c> for an object of epoch and offset.</param>
/// <param name="Required">Whether it is always there.</param>
/// <param name="Summary">What it says.</param>
internal sealed record ProtocolField(string Name, string Type, bool Required, string Summary)
{
    /// <summary>The least that a client may give of an <c>integer</c>, or null where it gives none. 0 is a number like any other: nothing takes it for "not given".</summary>
    public int? Least { get; init; }
}
