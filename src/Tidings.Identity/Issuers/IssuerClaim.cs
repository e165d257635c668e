using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Tidings.Security.Tokens;

namespace Tidings.Security.Issuers;

/// <summary>Whose token one says that it is, before anything is checked: it chooses among the configured issuers, and is believed in nothing.</summary>
internal static class IssuerClaim
{
    /// <returns>Null where it does not say.</returns>
    public static string? Read(ReadOnlySpan<char> token)
    {
        int first = token.IndexOf('.');
        int last = token.LastIndexOf('.');
        if (token.Length > TokenLimits.TokenLength || first < 0 || first == last)
        {
            return null;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(token.Length);
        try
        {
            return TokenText.TryDecodeBase64Url(token[(first + 1)..last], buffer, out int length) ? Find(buffer.AsSpan(0, length)) : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static string? Find(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = TokenLimits.PayloadDepth });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool found = reader.ValueTextEquals("iss"u8);
            reader.Read();
            if (found)
            {
                return reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            }

            reader.Skip();
        }

        return null;
    }
}
