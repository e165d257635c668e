using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Tidings.AspNetCore.Express;

/// <summary>A route of literal segments and at most one parameter, with the values of it that are other routes'.</summary>
internal sealed class ExpressRoute
{
    private readonly RoutePatternPart[] _parts;
    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="InvalidOperationException">The pattern is one that only routing itself understands.</exception>
    public ExpressRoute(RouteEndpoint endpoint)
    {
        Endpoint = endpoint;
        _parts = [.. endpoint.RoutePattern.PathSegments.Select(PartOf)];
        if (_parts.OfType<RoutePatternParameterPart>().Count() > 1)
        {
            throw Unfit("it has more than one parameter");
        }
    }

    public RouteEndpoint Endpoint { get; }

    /// <summary>Leaves those paths to routing that are meant for <paramref name="other"/>.</summary>
    /// <exception cref="InvalidOperationException">The two cannot be told apart here.</exception>
    public void Except(RouteEndpoint other)
    {
        var segments = other.RoutePattern.PathSegments;
        if (other.Order < Endpoint.Order && segments.Count != _parts.Length)
        {
            throw Unfit($"the route \"{other.RoutePattern.RawText}\" is asked before it");
        }

        if (segments.Count != _parts.Length)
        {
            // A rest of any length is what routing takes last.
            return;
        }

        for (var i = 0; i < _parts.Length; i++)
        {
            var part = segments[i] is { IsSimple: true } segment ? segment.Parts[0] : null;
            switch (_parts[i], part)
            {
                case (RoutePatternLiteralPart ours, RoutePatternLiteralPart theirs) when string.Equals(ours.Content, theirs.Content, StringComparison.OrdinalIgnoreCase):
                case (RoutePatternParameterPart, RoutePatternParameterPart { IsCatchAll: false, ParameterPolicies.Count: 0 }):
                    continue;
                case (RoutePatternLiteralPart, RoutePatternLiteralPart):
                    return;
                case (RoutePatternLiteralPart, _) when other.Order >= Endpoint.Order:
                    return;
                case (RoutePatternParameterPart, RoutePatternLiteralPart theirs):
                    _taken.Add(theirs.Content);
                    return;
                case (_, RoutePatternParameterPart { IsCatchAll: true }) when other.Order >= Endpoint.Order:
                    return;
                default:
                    throw Unfit($"the route \"{other.RoutePattern.RawText}\" may be meant by the same paths");
            }
        }

        throw Unfit($"the route \"{other.RoutePattern.RawText}\" has the same paths");
    }

    /// <summary>Whether <paramref name="path"/> is this route's and nobody else's.</summary>
    public bool Matches(string path, out RouteValueDictionary? values)
    {
        values = null;
        var rest = path.AsSpan(1);
        for (var i = 0; i < _parts.Length; i++)
        {
            var slash = rest.IndexOf('/');
            if (slash < 0 != (i == _parts.Length - 1))
            {
                return false;
            }

            var segment = slash < 0 ? rest : rest[..slash];
            if (_parts[i] is RoutePatternLiteralPart literal)
            {
                if (!segment.Equals(literal.Content, StringComparison.OrdinalIgnoreCase))
                {
                    return false;
                }
            }
            else if (_taken.GetAlternateLookup<ReadOnlySpan<char>>().Contains(segment))
            {
                return false;
            }
            else
            {
                values = new RouteValueDictionary { [((RoutePatternParameterPart)_parts[i]).Name] = segment.ToString() };
            }

            rest = rest[(slash + 1)..];
        }

        return true;
    }

    private RoutePatternPart PartOf(RoutePatternPathSegment segment) => segment switch
    {
        { IsSimple: true, Parts: [RoutePatternLiteralPart literal] } => literal,
        { IsSimple: true, Parts: [RoutePatternParameterPart { IsCatchAll: false, IsOptional: false, Default: null, ParameterPolicies.Count: 0 } parameter] } => parameter,
        _ => throw Unfit("its parameter is not a plain one"),
    };

    private InvalidOperationException Unfit(string why) =>
        new($"The route \"{Endpoint.RoutePattern.RawText}\" cannot have express handshakes: {why}.");
}
