using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Validation;

namespace Tidings.AspNetCore.Endpoints.Json;

/// <summary>Checks received values against their DataAnnotations.</summary>
/// <remarks>
/// Types that the application's <c>AddValidation()</c> knows are checked by it. For all others the attributes of the members that JSON can
/// set are taken from the serializer's own description, parameters of records included, so that it works without reflection, too.
/// </remarks>
internal static class MessageValidator
{
    /// <summary>Finds all faults; null where there is none.</summary>
    public static async ValueTask<List<MessageFault>?> ValidateAsync(object value, JsonTypeInfo type, IServiceProvider services, CancellationToken cancellationToken)
    {
#pragma warning disable ASP0029 // The framework's validation is offered as it is until its interfaces are final.
        if (services.GetService<IOptions<ValidationOptions>>()?.Value is { } validation && validation.TryGetValidatableTypeInfo(value.GetType(), out var known))
        {
            var context = new ValidateContext
            {
                ValidationOptions = validation,
                ValidationContext = new ValidationContext(value, value.GetType().Name, services, items: null),
            };
            await known.ValidateAsync(value, context, cancellationToken);
            return Faults(context.ValidationErrors, type.Options.PropertyNamingPolicy);
        }
#pragma warning restore ASP0029

        if (!ValidationPlan.Of(type).HasRules)
        {
            return null;
        }

        var faults = new List<MessageFault>();
        Walk(value, type, "", services, faults);
        return faults.Count == 0 ? null : faults;
    }

    private static List<MessageFault>? Faults(Dictionary<string, string[]>? errors, JsonNamingPolicy? naming)
    {
        if (errors is not { Count: > 0 })
        {
            return null;
        }

        return [.. from error in errors
                   from message in error.Value
                   select new MessageFault(string.Join('.', error.Key.Split('.').Select(name => naming?.ConvertName(name) ?? name)), message)];
    }

    private static void Walk(object value, JsonTypeInfo type, string path, IServiceProvider services, List<MessageFault> faults)
    {
        var plan = ValidationPlan.Of(type);
        if (!plan.HasRules)
        {
            return;
        }

        if (type.Kind == JsonTypeInfoKind.Enumerable && value is IEnumerable items && type.ElementType is { } elementType)
        {
            var element = type.Options.GetTypeInfo(elementType);
            var index = 0;
            foreach (var item in items)
            {
                if (item is not null)
                {
                    Walk(item, element, $"{path}[{index}]", services, faults);
                }

                index++;
            }

            return;
        }

        foreach (var member in plan.Members)
        {
            var memberPath = path.Length == 0 ? member.Name : $"{path}.{member.Name}";
            var memberValue = member.Get(value);
            var context = new ValidationContext(value, member.Name, services, items: null) { MemberName = member.Name };
            foreach (var attribute in member.Attributes)
            {
                Add(attribute.GetValidationResult(memberValue, context), memberPath, faults);
            }

            if (memberValue is not null && member.Type is { } memberType)
            {
                Walk(memberValue, memberType, memberPath, services, faults);
            }
        }

        WalkWhole(value, plan, path, services, faults);
    }

    // As in the framework's own: rules over several members are asked only where each member is right by itself.
    private static void WalkWhole(object value, ValidationPlan plan, string path, IServiceProvider services, List<MessageFault> faults)
    {
        if (faults.Count > 0)
        {
            return;
        }

        var context = new ValidationContext(value, value.GetType().Name, services, items: null);
        foreach (var attribute in plan.Attributes)
        {
            Add(attribute.GetValidationResult(value, context), path, faults);
        }

        if (value is IValidatableObject validatable)
        {
            foreach (var result in validatable.Validate(context))
            {
                var member = result.MemberNames.FirstOrDefault();
                Add(result, member is null ? path : path.Length == 0 ? plan.JsonName(member) : $"{path}.{plan.JsonName(member)}", faults);
            }
        }
    }

    private static void Add(ValidationResult? result, string path, List<MessageFault> faults)
    {
        if (result is not null && result != ValidationResult.Success)
        {
            faults.Add(new MessageFault(path, result.ErrorMessage ?? "This is not valid."));
        }
    }
}
