using System.Text.Json.Serialization.Metadata;

namespace Tidings.Client;

/// <summary>A message with its value. For one thread at a time.</summary>
/// <typeparam name="T">The value's type.</typeparam>
public sealed class ChannelMessage<T>
{
    private readonly JsonTypeInfo<T> _type;
    private T? _value;
    private bool _isRead;

    internal ChannelMessage(ChannelMessage message, JsonTypeInfo<T> type) => (Message, _type) = (message, type);

    /// <summary>Who said it, when, and where it stands.</summary>
    public ChannelMessage Message { get; }

    /// <summary>What was said; the default where there is nothing, as with the removal of a key. It is read at the first use, so that one message that does not fit ends no loop.</summary>
    /// <exception cref="System.Text.Json.JsonException">It does not fit the type.</exception>
    public T? Value
    {
        get
        {
            if (!_isRead)
            {
                _value = Message.Data.IsEmpty && Message.Bytes is null ? default : Message.Read(_type);
                _isRead = true;
            }

            return _value;
        }
    }
}
