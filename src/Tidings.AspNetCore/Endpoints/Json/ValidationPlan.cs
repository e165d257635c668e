using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tidings.AspNetCore.Endpoints.Json;

/// <summary>A member of a message: its rules, and how to get at its value.</summary>
internal sealed record ValidatedMember(string Name, string? ClrName, Func<object, object?> Get, ValidationAttribute[] Attributes, JsonTypeInfo? Type);

/// <summary>The rules of one type, found once.</summary>
internal sealed class ValidationPlan
{
    private static readonly ConditionalWeakTable<JsonTypeInfo, ValidationPlan> Plans = [];

    private ValidationPlan(JsonTypeInfo type)
    {
        Attributes = AttributesOf(type.Type);
        Members = type.Kind == JsonTypeInfoKind.Object ? [.. MembersOf(type)] : [];
        HasRules = HasRulesIn(type, []);
    }

    /// <summary>Whether anything in a value of the type, however deep, can be wrong.</summary>
    public bool HasRules { get; }

    /// <summary>Rules for the value as a whole.</summary>
    public ValidationAttribute[] Attributes { get; }

    public ValidatedMember[] Members { get; }

    public static ValidationPlan Of(JsonTypeInfo type) => Plans.GetValue(type, static type => new ValidationPlan(type));

    /// <summary>What the member of that name in C# is called in JSON.</summary>
    public string JsonName(string member) => Array.Find(Members, candidate => candidate.ClrName == member)?.Name ?? member;

    private static IEnumerable<ValidatedMember> MembersOf(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            if (property.Get is { } get && !property.IsExtensionData)
            {
                // A record's attributes stand on its parameters, where nobody looks who knows its properties alone.
                ValidationAttribute[] attributes = [.. AttributesOf(property.AttributeProvider), .. AttributesOf(property.AssociatedParameter?.AttributeProvider)];
                var inner = type.Options.GetTypeInfo(property.PropertyType);
                yield return new ValidatedMember(
                    property.Name, (property.AttributeProvider as MemberInfo)?.Name, get, attributes, IsComposite(inner) ? inner : null);
            }
        }
    }

    private static bool HasRulesIn(JsonTypeInfo type, HashSet<Type> seen)
    {
        if (!IsComposite(type) || !seen.Add(type.Type))
        {
            return false;
        }

        if (type.Kind == JsonTypeInfoKind.Enumerable)
        {
            return type.ElementType is { } element && HasRulesIn(type.Options.GetTypeInfo(element), seen);
        }

        return typeof(IValidatableObject).IsAssignableFrom(type.Type)
            || AttributesOf(type.Type).Length > 0
            || MembersOf(type).Any(member => member.Attributes.Length > 0 || (member.Type is { } inner && HasRulesIn(inner, seen)));
    }

    private static bool IsComposite(JsonTypeInfo type) =>
        type.Kind is JsonTypeInfoKind.Object or JsonTypeInfoKind.Enumerable && type.Type != typeof(object) && type.Type != typeof(JsonElement);

    private static ValidationAttribute[] AttributesOf(ICustomAttributeProvider? provider) =>
        provider is null ? [] : [.. provider.GetCustomAttributes(typeof(ValidationAttribute), inherit: true).Cast<ValidationAttribute>()];
}
