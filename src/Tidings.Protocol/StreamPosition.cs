using System.Globalization;

namespace Tidings.Protocol;

/// <summary>Where something stands in a channel's log.</summary>
/// <param name="Epoch">An opaque random string of at most 32 characters: offsets of two epochs have nothing to do with each other.</param>
/// <param name="Offset">1, 2, 3 … without holes inside one epoch; below 2⁵³. 0 is before the first message.</param>
public readonly record struct StreamPosition(string Epoch, long Offset)
{
    /// <summary>The most characters of an epoch.</summary>
    public const int LongestEpoch = 32;

    /// <summary>The largest offset: what every JSON number can hold exactly.</summary>
    public const long LargestOffset = (1L << 53) - 1;

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    /// <param name="text">The text, from anybody.</param>
    /// <param name="position">The position.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out StreamPosition position)
    {
        position = default;
        var colon = text.LastIndexOf(':');
        if (colon is < 1 or > LongestEpoch
            || !long.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            || offset > LargestOffset)
        {
            return false;
        }

        position = new StreamPosition(text[..colon].ToString(), offset);
        return true;
    }

    /// <summary>The position as text, <c>epoch:offset</c>, to keep it somewhere.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}:{Offset}");
}
