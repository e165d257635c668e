using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Tidings.Taps;

/// <summary>Masks secrets in JSON, the beginning of it perhaps: values of members whose names are those of secrets, at any depth, also in JSON that a string holds.</summary>
internal sealed class SecretJson
{
    private const int Deepest = 8;

    // Each costs some microseconds, and a frame could hold hundreds of strings that begin as JSON does.
    private const int MostFaults = 8;

    private static readonly SearchValues<byte> BeforeValue = SearchValues.Create(" \t\r\n,:"u8);

    private static readonly JsonReaderOptions Reading = new() { AllowMultipleValues = true, MaxDepth = 1000 };

    private int _faults;

    private SecretJson()
    {
    }

    /// <summary>The text as it may be shown. What is no JSON is masked by the rules of <see cref="SecretText"/>.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="isCut">Whether it goes on, and this is its beginning alone: of a secret that begins in it nothing is shown.</param>
    public static string Hide(ReadOnlySpan<byte> text, bool isCut) => new SecretJson().Hide(isCut ? WithoutHalfCharacter(text) : text, isCut, depth: 0);

    private string Hide(ReadOnlySpan<byte> text, bool isCut, int depth)
    {
        if (!LooksLikeJson(text))
        {
            return SecretText.Hide(Encoding.UTF8.GetString(text));
        }

        if (depth == Deepest || _faults == MostFaults)
        {
            return SecretText.Mask;
        }

        var output = new StringBuilder(text.Length);
        var reader = new Utf8JsonReader(text, isFinalBlock: !isCut, new JsonReaderState(Reading));
        var (shown, read, isSecret, hasSecret, isBroken) = (0, 0, false, false, false);
        try
        {
            while (reader.Read())
            {
                if (isSecret)
                {
                    Show(output, text[shown..(int)reader.TokenStartIndex]).Append('"').Append(SecretText.Mask).Append('"');
                    shown = text.Length;
                    if (!reader.TrySkip())
                    {
                        return output.ToString();
                    }

                    (isSecret, hasSecret) = (false, true);
                    shown = (int)reader.BytesConsumed;
                }
                else if (reader.TokenType == JsonTokenType.PropertyName)
                {
                    isSecret = SecretNames.Has(Encoding.UTF8.GetString(JsonStringBytes.Unescape(reader.ValueSpan, out _)));
                }
                else if (reader.TokenType == JsonTokenType.String && HideInString(reader.ValueSpan, isCut: false, depth, out _) is { } masked)
                {
                    Show(output, text[shown..(int)reader.TokenStartIndex]).Append('"').Append(masked).Append('"');
                    shown = (int)reader.BytesConsumed;
                }

                read = (int)reader.BytesConsumed;
            }
        }
        catch (JsonException)
        {
            isBroken = true;
            _faults++;
        }

        if (shown == text.Length)
        {
            return output.ToString();
        }

        var rest = text[(isCut || isBroken ? read : text.Length)..];
        Show(output, text[shown..(text.Length - rest.Length)]);

        // Behind a secret that is not written as JSON may stand the rest of it.
        var isHidden = isSecret || (isBroken && hasSecret);
        return (rest.IsEmpty ? output : isHidden ? output.Append(SecretText.Mask) : ShowRest(output, rest, isBroken, depth)).ToString();
    }

    // What was not read: the first bytes of a string or a number, or what is no JSON.
    private StringBuilder ShowRest(StringBuilder output, ReadOnlySpan<byte> rest, bool isBroken, int depth)
    {
        var quote = rest.IndexOf((byte)'"');
        if (isBroken || quote < 0 || rest[..quote].ContainsAnyExcept(BeforeValue))
        {
            return output.Append(SecretText.Hide(Encoding.UTF8.GetString(rest)));
        }

        Show(output, rest[..(quote + 1)]);
        var begun = rest[(quote + 1)..];
        return HideInString(begun, isCut: true, depth, out var read) is { } masked ? output.Append(masked) : Show(output, begun[..read]);
    }

    // Null where it may be shown as it is.
    private string? HideInString(ReadOnlySpan<byte> escaped, bool isCut, int depth, out int read)
    {
        var bytes = JsonStringBytes.Unescape(escaped, out read);
        var masked = Hide(bytes, isCut, depth + 1);
        return masked == Encoding.UTF8.GetString(bytes) ? null : JsonEncodedText.Encode(masked, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString();
    }

    private static StringBuilder Show(StringBuilder output, ReadOnlySpan<byte> text) => output.Append(Encoding.UTF8.GetString(text));

    private static bool LooksLikeJson(ReadOnlySpan<byte> text) => text.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[' or (byte)'"', ..];

    private static ReadOnlySpan<byte> WithoutHalfCharacter(ReadOnlySpan<byte> text) =>
        Rune.DecodeLastFromUtf8(text, out _, out var length) == OperationStatus.NeedMoreData ? text[..^length] : text;
}
