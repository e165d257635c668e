using System.Text.Json;

namespace Tidings.Protocol.Rooms;

/// <summary>Reads the token of <c>{"type":"auth","token":"…"}</c> on a text route.</summary>
internal static class AuthMessage
{
    private const int LongestToken = 8 * 1024;

    /// <param name="text">A text that <see cref="RoomControls"/> has recognised.</param>
    /// <returns>Null where there is none, twice, or none that can be one.</returns>
    public static string? TokenOf(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text);
        string? token = null;
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isToken = reader.ValueTextEquals("token"u8);
                reader.Read();
                if (isToken)
                {
                    if (token is not null || reader.TokenType != JsonTokenType.String || reader.ValueSpan.Length > LongestToken)
                    {
                        return null;
                    }

                    token = reader.GetString();
                }

                reader.Skip();
            }
        }
        catch (InvalidOperationException)
        {
            // An escape that names no character.
            return null;
        }

        return string.IsNullOrEmpty(token) ? null : token;
    }
}
