using Tidings.Channels;
using Tidings.Messages;

namespace Tidings.AspNetCore.Centrifuge;

/// <summary>Publications to those who subscribed with <c>delta</c>: their data is a text, the JSON itself or a Fossil delta against that of the publication before.</summary>
internal sealed class CentrifugeDeltas : ChangeDialect
{
    /// <summary>The data as a text: JSON in UTF-8, of a binary payload an object that names it.</summary>
    public static ReadOnlySpan<byte> TextOf(Message message) => message.Data.ToNamedJson().Span;

    public override byte[] Encode(Message message) => message.Kind == MessageKind.Message ? CentrifugePublications.Push(message, PublicationForm.Text, TextOf(message)) : [];

    public override byte[] ChangeOf(Message before, Message message)
    {
        var text = TextOf(message);
        var delta = FossilDelta.Create(TextOf(before), text);
        return delta.Length < text.Length ? CentrifugePublications.Push(message, PublicationForm.Text, delta, isChange: true) : BytesOf(message);
    }
}
